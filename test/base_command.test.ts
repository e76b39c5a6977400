import { Flags } from '@oclif/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BaseCommand } from '../src/base_command.js';
import { ConfigError } from '../src/config/problem.js';
import { Interrupted, UserError } from '../src/errors.js';

/** A command that throws, or gives 42. */
class Probe extends BaseCommand {
  static override flags = { fruit: Flags.option({ options: ['apple', 'melon'] as const })() };
  static error: Error | undefined;

  override async run(): Promise<{ answer: number }> {
    await this.parse(Probe);
    if (Probe.error) throw Probe.error;
    this.log('the answer is 42');
    return { answer: 42 };
  }
}

let stdout = '';
let stderr = '';

beforeEach(() => {
  vi.stubEnv('NODE_ENV', 'production'); // else oclif warns of commands whose flags were wrong
  // oclif writes through the console, which Vitest puts before the streams.
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    stdout += `${text}\n`;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** Runs the command and gives what it leaves. */
async function run(error: Error | undefined, ...argv: string[]) {
  Probe.error = error;
  [stdout, stderr] = ['', ''];
  const thrown = await Probe.run(argv, process.cwd()).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { thrown, exitCode: process.exitCode, stdout, stderr };
}

const problem = {
  path: ['seed'],
  expected: 'an integer',
  actual: '"x"',
  origin: { kind: 'set', text: 'seed=x' },
} as const;
const problems = [{ location: '--set seed=x', path: 'seed', expected: 'an integer', actual: '"x"' }];
const configText = '--set seed=x: expected an integer, got "x"\n1 problem in the config';

test.each([
  ['its own fault: exit code 1', new UserError('it failed'), 'it failed\n', 1, { message: 'it failed' }],
  [
    'with a hint: both',
    new UserError('it failed', { hint: 'Mend it.', exitCode: 2 }),
    'it failed\nMend it.\n',
    2,
    { message: 'it failed', hint: 'Mend it.' },
  ],
  [
    'an interruption: 130',
    new Interrupted('resume with x'),
    'resume with x\n',
    130,
    { message: 'resume with x' },
  ],
  [
    'a config: every problem',
    new ConfigError([problem]),
    `${configText}\n`,
    2,
    { message: configText, problems },
  ],
])('%s, no stack', async (_, error, text, exitCode, json) => {
  expect(await run(error)).toEqual({ thrown: undefined, exitCode, stdout: '', stderr: text });
  const asJson = await run(error, '--json');
  expect(asJson).toMatchObject({ thrown: undefined, exitCode, stderr: text });
  expect(JSON.parse(asJson.stdout)).toEqual({ error: json });
});

test('a bug keeps its stack, and that of its cause', async () => {
  const bug = new TypeError('x is not a function', { cause: new Error('deeper') });
  expect(await run(bug)).toMatchObject({ stdout: '', exitCode: 1, thrown: undefined });
  expect(stderr).toMatch(/^TypeError: x is not a function\n {4}at .*base_command\.test\.ts/);
  expect(stderr).toMatch(/\[cause\]: Error: deeper\n {6}at /);
  expect(stderr).toMatch(/\nThis is an internal error of gnet: please report it with the lines above\.\n$/);
  const asJson = await run(bug, '--json');
  expect(JSON.parse(asJson.stdout)).toEqual({ error: { message: 'x is not a function', stack: bug.stack } });
});

test('a wrong command line: in the words of other errors, and none of its innards', async () => {
  const message = '--fruits: expected a flag of gnet probe; did you mean --fruit?';
  const hint = 'gnet probe --help lists arguments and flags.';
  const told = { thrown: undefined, exitCode: 2, stderr: `${message}\n${hint}\n` };
  expect(await run(undefined, '--fruits')).toEqual({ ...told, stdout: '' });
  const asJson = await run(undefined, '--fruits', '--json');
  expect(asJson).toMatchObject(told);
  expect(JSON.parse(asJson.stdout)).toEqual({ error: { message, hint } });
});

test.each([
  [['--fruit', 'aple'], '--fruit aple: expected one of apple, melon; did you mean apple?'],
  [['--fruit', 'durian'], '--fruit durian: expected one of apple, melon'],
  [['--fruit'], '--fruit: expected one of apple, melon, got nothing'],
  [['--frob', '--nicate'], '--frob: expected a flag of gnet probe\n--nicate: expected a flag of gnet probe'],
  [['a', 'b'], 'gnet probe: expected no further argument, got a, b'],
])('%j: %s', async (argv, message) => {
  const { stderr: text } = await run(undefined, ...argv);
  expect(text).toBe(`${message}\ngnet probe --help lists arguments and flags.\n`);
});

test('success: text, or nothing but the result', async () => {
  expect(await run(undefined)).toMatchObject({
    exitCode: undefined,
    stdout: 'the answer is 42\n',
    stderr: '',
  });
  const asJson = await run(undefined, '--json');
  expect(asJson).toMatchObject({ exitCode: undefined, stderr: '' });
  expect(JSON.parse(asJson.stdout)).toEqual({ answer: 42 });
});
