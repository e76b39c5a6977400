import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { processStart } from '../../src/storage/process_identity.js';
import { lockRunDirectory } from '../../src/storage/run_lock.js';
import { killAndWait, startOtherProcess } from '../helpers/other_process.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

function writeLock(directory: string, owner: object | string): string {
  const path = join(directory, '.lock');
  writeFileSync(path, typeof owner === 'string' ? owner : JSON.stringify(owner));
  return path;
}

test('one holder at a time, also within a process; free after release', async () => {
  const directory = temporaryDirectory();
  const lock = await lockRunDirectory(directory);
  await expect(lockRunDirectory(directory)).rejects.toThrow(`process ${process.pid} trains there`);
  expect(readdirSync(directory)).toEqual(['.lock']);
  await lock.release();
  expect(readdirSync(directory)).toEqual([]);
  await (await lockRunDirectory(directory)).release();
});

test.each([
  ['a link that leads nowhere', (path: string) => symlinkSync('nowhere', path)],
  ['a directory', (path: string) => mkdirSync(path)],
  ['a pipe', (path: string) => execFileSync('mkfifo', [path])],
])('%s in its place is told', async (_, make) => {
  const directory = temporaryDirectory();
  make(join(directory, '.lock'));
  await expect(lockRunDirectory(directory)).rejects.toThrow('its lock is no file');
});

test('of several that ask at once, exactly one gets it', async () => {
  const directory = temporaryDirectory();
  writeLock(directory, { pid: process.pid, hostname: hostname(), start: 'long ago' });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRunDirectory(directory)));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(readdirSync(directory)).toEqual(['.lock']);
});

test('a process killed while it took a lock over is no obstacle', async () => {
  const directory = temporaryDirectory();
  const dead = JSON.stringify({ pid: process.pid, hostname: hostname(), start: 'long ago' });
  writeLock(directory, dead);
  writeFileSync(join(directory, '.lock.takeover'), dead);
  await lockRunDirectory(directory);
  expect(readdirSync(directory)).toEqual(['.lock']);
});

test('refuses while another process lives, names it, and takes over when it was killed', async () => {
  const directory = temporaryDirectory();
  const other = startOtherProcess();
  const path = writeLock(directory, {
    pid: other.pid,
    hostname: hostname(),
    start: processStart(other.pid),
  });
  const error = await lockRunDirectory(directory).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toBe(
    `the run directory is in use: process ${other.pid} trains there (${path})`,
  );
  expect((error as UserError).hint).toContain(`kill ${other.pid}`);
  await killAndWait(other);
  await lockRunDirectory(directory);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid, hostname: hostname() });
});

test('a lock of another host stands, whether or not a process here has that pid', async () => {
  const directory = temporaryDirectory();
  const text = JSON.stringify({ pid: 1, hostname: 'elsewhere', start: null });
  const path = writeLock(directory, text);
  await expect(lockRunDirectory(directory)).rejects.toThrow('process 1 on elsewhere trains there');
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test.each([
  '',
  '{',
  'null',
  '{"pid":0,"hostname":"h","start":null}',
  '{"pid":"1","hostname":"h","start":null}',
])('a lock that cannot be read stands: %j', async (text) => {
  const directory = temporaryDirectory();
  const path = writeLock(directory, text);
  await expect(lockRunDirectory(directory)).rejects.toMatchObject({
    message: `the run directory is in use: its lock cannot be read (${path})`,
    hint: `If no process trains there, remove ${path}.`,
  });
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('does not release a lock that another process took over', async () => {
  const directory = temporaryDirectory();
  const lock = await lockRunDirectory(directory);
  const path = writeLock(directory, '{"another":"lock"}');
  await lock.release();
  expect(readFileSync(path, 'utf8')).toBe('{"another":"lock"}');
});

test('names a directory that is not there', async () => {
  const path = join(temporaryDirectory(), 'missing');
  await expect(lockRunDirectory(path)).rejects.toThrow(`cannot write ${join(path, '.lock')}: no such file`);
});
