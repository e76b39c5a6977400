import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { onnxRuntimeVersion, runOnce } from '../../../src/engines/onnxruntime/run_once.js';

const inputs = { a: { shape: [1, 2], values: [2, 3] }, b: { shape: [2, 1], values: [5, 7] } } as const;
const options = { executionProviders: ['cpu'], threads: 1 };

test('the result of a function of named tensors', async () => {
  expect(await runOnce(({ a, b }) => tf.matMul(a, b), inputs, options)).toEqual([31]);
  expect(await runOnce(({ a, b }) => tf.matMul(b, a), inputs, options)).toEqual([10, 15, 14, 21]);
});

test('a provider that does not exist is refused', async () => {
  const abacus = { ...options, executionProviders: ['abacus'] };
  await expect(runOnce(({ a }) => tf.relu(a), inputs, abacus)).rejects.toThrow('[abacus]');
});

test("ONNX Runtime's version", () => {
  expect(onnxRuntimeVersion).toMatch(/^\d+\.\d+\.\d+/);
});

test('where nodes run is logged once it is asked for', () => {
  const module = pathToFileURL('dist/engines/onnxruntime/run_once.js').href;
  const run = (before: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { logPlacement, runOnce } from '${module}'; ${before}
         await runOnce(({ a }) => a.relu(), ${JSON.stringify(inputs)}, ${JSON.stringify(options)});`,
      ],
      { encoding: 'utf8' },
    );
  expect(run('').stderr).toBe('');
  expect(run('logPlacement();').stderr).toContain(
    'All nodes placed on [CPUExecutionProvider]. Number of nodes: 1',
  );
});
