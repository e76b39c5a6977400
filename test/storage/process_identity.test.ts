import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { isRunning, processStart } from '../../src/storage/process_identity.js';
import { killAndWait, startOtherProcess } from '../helpers/other_process.js';

const hasProc = existsSync('/proc/self/stat');

test('a process runs until it is killed', async () => {
  const other = startOtherProcess();
  const start = processStart(other.pid);
  expect(isRunning(other.pid, start)).toBe(true);
  expect(isRunning(other.pid, null)).toBe(true);
  await killAndWait(other);
  expect(isRunning(other.pid, start)).toBe(false);
});

test.runIf(hasProc)('a later process with the same pid is another one', async () => {
  const start = processStart(process.pid);
  expect(start).toMatch(/^\d+$/);
  expect(readFileSync('/proc/self/stat', 'utf8')).toContain(` ${start} `);
  expect(isRunning(process.pid, start)).toBe(true);
  expect(isRunning(process.pid, String(Number(start) - 1))).toBe(false);
});

test.runIf(hasProc)('a zombie does not run', async () => {
  // The shell starts a process, then becomes one that never asks for its children.
  const script = 'tail -f /dev/null & echo $!; exec tail -f /dev/null';
  const parent = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => killAndWait(parent));
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8')).toBe('tail\n');
  process.kill(Number(line), 'SIGKILL');
  await expect.poll(() => readFileSync(`/proc/${line}/stat`, 'utf8')).toContain(') Z ');
  expect(process.kill(Number(line), 0)).toBe(true);
  expect(isRunning(Number(line), null)).toBe(false);
});
