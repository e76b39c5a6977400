import { expect, it } from 'vitest';
import { ProgramError, runProgram } from '../../../src/backends/install/run_program.js';

const node = (script: string, options = {}) => runProgram(process.execPath, ['-e', script], options);

it('returns stdout and hands on each line of both streams', async () => {
  const lines: string[] = [];
  const script = 'console.log("one"); console.error("two"); console.log("three")';
  expect(await node(script, { onLine: (line: string) => lines.push(line) })).toBe('one\nthree\n');
  expect(lines.toSorted()).toEqual(['one', 'three', 'two']);
});

it('a failure has the exit code and what was printed', async () => {
  const error = await node('console.error("why"); process.exit(3)').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ProgramError);
  expect(error).toMatchObject({ exitCode: 3, signal: null, output: 'why\n' });
});

it('a program that is killed, and one that is not there', async () => {
  await expect(node('process.kill(process.pid, "SIGILL")')).rejects.toMatchObject({ signal: 'SIGILL' });
  await expect(runProgram('no-such-program', [])).rejects.toMatchObject({
    program: 'no-such-program',
    exitCode: null,
    output: expect.stringContaining('ENOENT'),
  });
});

it('is ended by its signal', async () => {
  const controller = new AbortController();
  const running = node('console.log("ready"); setInterval(() => {}, 1000)', {
    signal: controller.signal,
    onLine: () => controller.abort(new Error('enough')),
  });
  await expect(running).rejects.toThrow('enough');
  await expect(node('', { signal: controller.signal })).rejects.toThrow('enough');
});
