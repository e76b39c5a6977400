import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Interrupted, UserError } from '../../src/errors.js';
import { runStages, type Stage } from '../../src/terminal/screen.js';

let written: string[];
beforeEach(() => {
  written = [];
  vi.stubEnv('NO_COLOR', '1');
  vi.stubEnv('FORCE_COLOR', undefined);
  vi.stubEnv('CI', undefined);
  vi.stubEnv('TERM', 'xterm-256color');
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    written.push(String(chunk));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  setTerminal(false);
});

function setTerminal(isTTY: boolean): void {
  Object.defineProperty(process.stderr, 'isTTY', { value: isTTY, configurable: true });
  Object.defineProperty(process.stderr, 'columns', { value: isTTY ? 80 : undefined, configurable: true });
}

const stages: readonly Stage<{ done: string[] }>[] = [
  {
    title: 'One',
    run: async ({ done }, output) => {
      done.push('one');
      output.line('a line');
      return 'well';
    },
  },
  { title: 'Two', skip: ({ done }) => `${done.length} done`, run: async () => expect.fail('not skipped') },
  { title: 'Three', run: async () => undefined },
];

test('stages in order, with what they return and why they are left out', async () => {
  await runStages(stages, { done: [] });
  expect(written.join('')).toBe('❯ One\n› a line\n✔ One: well\n❯ Two\n↓ Two: 1 done\n❯ Three\n✔ Three\n');
});

describe('a stage that ends early', () => {
  test.each([
    ['failed', new UserError('the disk is full'), '✖ Two\n'],
    ['was stopped', new Interrupted('interrupted; resume with: gnet'), '◼ Two: stopped\n'],
  ])('%s: the error is thrown, not shown, and nothing follows', async (_, error, line) => {
    const last = vi.fn(async () => undefined);
    const two: Stage<object> = { title: 'Two', run: () => Promise.reject(error) };
    await expect(
      runStages([stages[2]!, two, { title: 'Last', run: last }] as Stage<object>[], {}),
    ).rejects.toBe(error);
    expect(written.join('')).toBe(`❯ Three\n✔ Three\n❯ Two\n${line}`);
    expect(last).not.toHaveBeenCalled();
  });
});

describe('live', () => {
  test.each([
    ['on a terminal', {}, true],
    ['not where TERM says that it is dumb', { TERM: 'dumb' }, false],
    ['not in CI', { CI: 'true' }, false],
  ])('%s', async (_, environment, isLive) => {
    setTerminal(true);
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    await runStages(stages, { done: [] });
    expect(written.join('').includes('\x1b[?25l')).toBe(isLive);
    expect(stripVTControlCharacters(written.join(''))).toContain('✔ One: well');
  });
});
