import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { BIN, gnet, shell } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const CONFIG = join(process.cwd(), 'configs/smoke.yaml');

describe.runIf(existsSync('/dev/full'))('a full disk behind the standard output', () => {
  test.each(['', '--json'])('is told once, without a stack %s', async (flag) => {
    const line = `"${process.execPath}" "${BIN}" validate "${CONFIG}" ${flag} > /dev/full`;
    const { code, stderr } = await shell(line, temporaryDirectory());
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cannot write the standard output: the disk is full \(ENOSPC\)\n[^\n]+\n$/);
  });
});

test('a home directory that cannot be read is nothing to warn of', async () => {
  const env = { HOME: '/dev/null', XDG_DATA_HOME: '' };
  const { code, stderr } = await gnet(['validate', CONFIG], { cwd: temporaryDirectory(), env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('an older Node.js is told what is needed, before it meets what it cannot parse', () => {
  const older = "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.8'})";
  const { status, stderr } = spawnSync(process.execPath, ['--import', older, BIN, '--version'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringMatching(/^Node\.js: expected >=20\.19, got 18\.20\.8\nInstall a current release/),
  });
});

test('what a command line brings into a message does not reach the terminal as it is', async () => {
  const { code, stdout, stderr } = await gnet(['eval', 'a\x1b[31mb\u009bc', '--json'], {
    cwd: temporaryDirectory(),
  });
  expect(code).toBe(2);
  expect(stderr).toContain('a\\x1b[31mb\\x9bc: expected a run directory');
  expect(JSON.parse(stdout).error.message).toContain('a\x1b[31mb\u009bc');
  expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});
