import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { gnet } from '../helpers/gnet.js';
import { metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';

test('the best checkpoint has the accuracy of the best line in metrics.jsonl', async () => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
  expect(await gnet(['run', 'tiny.yaml', '--run-dir', 'run'], { cwd })).toMatchObject({ code: 0 });
  const { code, stdout, stderr } = await gnet(['eval', 'run', '--json'], { cwd });
  expect(code).toBe(0);
  const tests = metricsLines(join(cwd, 'run')).filter(({ split }) => split === 'test');
  const best = tests.reduce((a, b) => ((b.accuracy as number) > (a.accuracy as number) ? b : a));
  const { epoch: _, ...expected } = best;
  expect(JSON.parse(stdout)).toEqual({
    ...expected,
    checkpoint: 'run/checkpoints/best',
    backend: 'onnxruntime-cpu',
    chosen_on: 'test',
  });
  expect(stderr).toContain(`/20 test images)`);
});

test.each([
  [
    ['.'],
    /^\.: expected a run directory or a checkpoint, got a directory without plan\.json and state\.json\n/,
  ],
  [[], /^SOURCE: expected .*, got nothing\n/],
  [['.', '--split', 'valid'], /^--split valid: expected one of test, validation, train\n/],
  [['.', '--backend', 'gpu'], /^--backend gpu: expected one of auto, /],
])('%j: exit code 2', async (args, message) => {
  const cwd = temporaryDirectory();
  const { code, stdout, stderr } = await gnet(['eval', ...args], { cwd });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(message);
});
