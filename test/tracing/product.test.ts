import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { compiledProduct, onnxRuntimeVersion } from '../../src/tracing/product.js';

const A = { shape: [1, 2], values: [2, 3] } as const;
const B = { shape: [2, 1], values: [5, 7] } as const;
const options = { executionProviders: ['cpu'], threads: 1 };

test('a product of two matrices', async () => {
  expect(await compiledProduct(A, B, options)).toEqual([31]);
  expect(await compiledProduct(B, A, options)).toEqual([10, 15, 14, 21]);
});

test('a provider that does not exist is refused', async () => {
  await expect(compiledProduct(A, B, { ...options, executionProviders: ['abacus'] })).rejects.toThrow(
    '[abacus]',
  );
});

test("ONNX Runtime's version", () => {
  expect(onnxRuntimeVersion).toMatch(/^\d+\.\d+\.\d+/);
});

test('where nodes run is logged once it is asked for', () => {
  const module = pathToFileURL('dist/tracing/product.js').href;
  const run = (before: string) =>
    spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { compiledProduct, logPlacement } from '${module}'; ${before}
         await compiledProduct(${JSON.stringify(A)}, ${JSON.stringify(B)}, ${JSON.stringify(options)});`,
      ],
      { encoding: 'utf8' },
    );
  expect(run('').stderr).toBe('');
  expect(run('logPlacement();').stderr).toContain(
    'All nodes placed on [CPUExecutionProvider]. Number of nodes: 1',
  );
});
