import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('prints tables and a verdict; a page where one is asked for', async () => {
  const cwd = temporaryDirectory();
  await makeRun(join(cwd, 'a'), { isRight: () => true });
  await makeRun(join(cwd, 'b'), {
    isRight: (image) => image > 7,
    changes: { schedule: { type: 'constant' } },
  });
  const { code, stdout, stderr } = await gnet(['compare', 'a', 'b', '--output', 'compare.html'], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '\nThe curves are in compare.html.\n' });
  const blocks = stdout.split('\n\n').map((block) => block.split('\n').map((line) => line.split(/ {2,}/)));
  expect(blocks[0]!.map((row) => row.slice(0, 5))).toEqual([
    ['run', 'seed', 'chosen on', 'best epoch', 'test accuracy'],
    ['a', '7', 'test', '2', '100.00 %'],
    ['b', '7', 'test', '2', '60.00 %'],
  ]);
  expect(blocks[1]).toContainEqual(['schedule.type', '"cosine"', '"constant"']);
  expect(stdout).toContain(
    'a is better: 8 of 20 test images are classified correctly by a only, 0 by b only',
  );
  expect(existsSync(join(cwd, 'compare.html'))).toBe(true);
  const json = JSON.parse((await gnet(['compare', 'a', 'b', '--json'], { cwd })).stdout);
  expect(json.mcnemar).toEqual({
    both_right: 12,
    only_first: 8,
    only_second: 0,
    both_wrong: 0,
    p_value: expect.closeTo(2 / 2 ** 8, 12),
  });
});

test.each([
  [[], /^RUN: expected .*, got nothing\n/],
  [
    ['a'],
    /^a: expected a run directory, there is no such directory|^expected at least two run directories, got 1/,
  ],
  [['a', 'b'], /^a: expected a run directory, got no such file or directory\n/],
])('%j: exit code 2', async (args, message) => {
  const { code, stdout, stderr } = await gnet(['compare', ...args], { cwd: temporaryDirectory() });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
