import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { notARun } from '../../src/runs/not_a_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const NO_RUNS = 'A run directory is what gnet run makes, in runs/ unless --run-dir says otherwise.';

test('what is there instead', async () => {
  const place = temporaryDirectory();
  writeFileSync(join(place, 'file'), '');
  expect(await notARun(join(place, 'nowhere'), 'a run directory')).toMatchObject({
    message: `${place}/nowhere: expected a run directory, got no such file or directory`,
    exitCode: 2,
  });
  expect(await notARun(join(place, 'file'), 'a run directory')).toMatchObject({
    message: `${place}/file: expected a run directory, got a file`,
  });
  expect(await notARun(place, 'a run directory', place)).toMatchObject({
    message: `${place}: expected a run directory, got a directory without plan.json and state.json`,
    hint: NO_RUNS,
  });
});

test('a path of which nothing can be told', async () => {
  const place = join(temporaryDirectory(), 'loop');
  symlinkSync('loop', place);
  await expect(notARun(place, 'a run directory')).rejects.toThrow(
    `cannot read ${place}: its links lead around`,
  );
});

test('the directory of runs: its runs, newest first, and not too many', async () => {
  const place = temporaryDirectory();
  const add = (name: string) => {
    mkdirSync(join(place, name));
    writeFileSync(join(place, name, 'plan.json'), '{}');
    return join(place, name);
  };
  const first = add('a-20240101T000000Z');
  expect(await notARun(place, 'a run directory')).toMatchObject({
    message: `${place}: expected a run directory, got a directory of one run`,
    hint: `Runs:\n  ${first}`,
  });
  const others = Array.from({ length: 11 }, (_, index) => add(`b-202402${index + 10}T000000Z`));
  const { message, hint } = await notARun(place, 'a run directory');
  expect(message).toBe(`${place}: expected a run directory, got a directory of 12 runs`);
  const shown = others.toReversed().slice(0, 10);
  expect(hint).toBe(['Runs:', ...shown.map((run) => `  ${run}`), '  and 2 more'].join('\n'));
});
