import { expect, test, vi } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { openProgram } from '../../src/backends/open_program.js';
import { verifyExport } from '../../src/export/verify.js';
import type { Batch } from '../../src/model/program.js';
import { initialState } from '../../src/model/state.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

vi.mock(import('../../src/backends/load_tfjs.js'), { spy: true });

const plan = tinyPlan();
const model = { directory: 'run', step: 1, plan, state: initialState(plan) };

/** The model itself, with some of its probabilities changed. */
async function verify(change: (probabilities: Float32Array) => Float32Array) {
  const program = await openProgram(plan, 'onnxruntime-cpu', 1, model.state);
  const batches: Batch[] = [];
  let released = 0;
  const exported = {
    probabilities: async (images: Uint8Array, size: number) => {
      const batch = { images, size, labels: new Int32Array(size) };
      batches.push(batch);
      return change((await program.evaluate(batch)).probabilities);
    },
    release: async () => {
      released++;
    },
  };
  try {
    return await verifyExport(model, exported, 'wasm');
  } finally {
    program.dispose();
    expect(released).toBe(1);
    expect(batches.map(({ size }) => size).slice(0, 2)).toEqual([1, 3].slice(0, batches.length));
    expect(new Set(batches[0]!.images).size).toBeGreaterThan(200);
  }
}

test('says how close an export is', async () => {
  expect(await verify((probabilities) => probabilities)).toMatch(
    /^probabilities of 4 random images within [\d.]+e[-+]\d+ of those on wasm$/,
  );
});

test.each([
  [
    'a number that is off',
    (p: Float32Array) => p.map((value, index) => (index === 7 ? value + 0.001 : value)),
  ],
  ['no number', (p: Float32Array) => p.map(() => Number.NaN)],
  ['classes missing', (p: Float32Array) => p.slice(1)],
])('%s', async (_, change) => {
  await expect(verify(change)).rejects.toThrow(
    /^export: expected the probabilities of the model on wasm within 0\.0001, got a difference of (0\.00\d+|NaN)$/,
  );
});

test('an export is closed also where the model cannot be opened', async () => {
  vi.mocked(loadTfjs).mockRejectedValueOnce(new Error('no such backend'));
  const exported = { probabilities: vi.fn(), release: vi.fn(async () => {}) };
  await expect(verifyExport(model, exported, 'cpu')).rejects.toThrow('no such backend');
  expect(exported.release).toHaveBeenCalledOnce();
});
