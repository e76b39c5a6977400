import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { openProgram } from '../../src/backends/open_program.js';
import type { OpenedExport } from '../../src/export/trace_prediction.js';
import { verifyExport } from '../../src/export/verify.js';
import type { Batch } from '../../src/model/program.js';
import { initialState } from '../../src/model/state.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { TINY } from '../helpers/tiny_config.js';
import { dataOf, tinyPlan } from '../helpers/tiny_plan.js';

vi.mock(import('../../src/backends/load_tfjs.js'), { spy: true });

const plan = tinyPlan();
const model = {
  directory: 'run',
  step: 1,
  chosenOnTest: false,
  plan,
  images: 'images.jsonl',
  weights: null,
  state: initialState(plan),
};

type Outputs = Awaited<ReturnType<OpenedExport['predict']>>;

/** The model itself, with some of its outputs changed. */
async function verify(change: (outputs: Outputs) => Outputs, given: typeof model = model) {
  const program = await openProgram(given.plan, 'onnxruntime-cpu', 1, given.state);
  const batches: Batch[] = [];
  let released = 0;
  const exported = {
    predict: async (images: Uint8Array, size: number) => {
      const batch = { images, size, labels: new Int32Array(size) };
      batches.push(batch);
      return change(await program.evaluate(batch));
    },
    release: async () => {
      released++;
    },
  };
  try {
    return { text: await verifyExport(given, exported, 'wasm'), batches };
  } finally {
    program.dispose();
    expect(released).toBe(1);
    expect(batches.map(({ size }) => size).slice(0, 2)).toEqual([1, 3].slice(0, batches.length));
  }
}

const same = (outputs: Outputs) => outputs;
const CLOSE = String.raw`within [\d.]+e[-+]\d+ of the largest one on wasm, probabilities within [\d.]+e[-+]\d+$`;

test('compares the first test images of the run, and says how close an export is', async () => {
  const { text, batches } = await verify(same);
  expect(text).toMatch(new RegExp(`^logits of the first 4 test images ${CLOSE}`));
  const { test: source } = await dataOf(plan);
  const compared = batches.flatMap(({ images }) => [...images]);
  expect(compared).toEqual([...(await source.read(Uint32Array.of(0, 1, 2, 3)))]);
});

test('a test set of fewer images', async () => {
  const few = tinyPlan({ dataset: { ...TINY.dataset, limit: { train: 52, test: 1 } } });
  const { text, batches } = await verify(same, { ...model, plan: few });
  expect(text).toMatch(/^logits of the first test image within /);
  expect(batches[1]!.images).toEqual(Uint8Array.from([1, 2, 3].flatMap(() => [...batches[0]!.images])));
});

test('noise where the files are not there, and says so', async () => {
  const root = join(temporaryDirectory(), 'none');
  const cifar = tinyPlan({ dataset: { type: 'cifar10', root, limit: { train: 52, test: 20 } } });
  const { text, batches } = await verify(same, { ...model, plan: cifar, state: initialState(cifar) });
  expect(text).toMatch(new RegExp(`^logits of 4 random images \\(cannot read ${root}.*\\) ${CLOSE}`));
  expect(new Set(batches[1]!.images).size).toBeGreaterThan(200);
});

const off = (values: Float32Array, by: number) =>
  values.map((value, index) => (index === 7 ? value + by : value));

test.each<[string, string, (outputs: Outputs) => Outputs]>([
  [
    'a probability that is off',
    'probabilities',
    (o) => ({ ...o, probabilities: off(o.probabilities, 0.001) }),
  ],
  ['a logit that is off', 'logits', (o) => ({ ...o, logits: off(o.logits, 0.01) })],
  ['no number', 'logits', (o) => ({ ...o, logits: o.logits.map(() => Number.NaN) })],
  ['classes missing', 'probabilities', (o) => ({ ...o, probabilities: o.probabilities.slice(1) })],
])('%s', async (_, output, change) => {
  await expect(verify(change)).rejects.toThrow(
    new RegExp(
      String.raw`^export: expected the ${output} of the model on wasm within 0\.0001.*, got a difference of (0\.\d+|NaN)$`,
    ),
  );
});

test('a logit that is off where one class is certain', async () => {
  const parameters = new Map(model.state.parameters);
  const { shape } = parameters.get('fc.bias')!;
  parameters.set('fc.bias', { shape, data: new Float32Array(shape[0]!).fill(50, 0, 1) });
  const certain = { ...model, state: { ...model.state, parameters } };
  await expect(verify(same, certain)).resolves.toBeDefined();
  // Softmax does not tell: e⁻⁵⁰ or e⁻⁴⁹.
  const change = (outputs: Outputs) => ({ ...outputs, logits: off(outputs.logits, 1) });
  await expect(verify(change, certain)).rejects.toThrow('expected the logits');
});

test('an export is closed also where the model cannot be opened', async () => {
  vi.mocked(loadTfjs).mockRejectedValueOnce(new Error('no such backend'));
  const exported = { predict: vi.fn(), release: vi.fn(async () => {}) };
  await expect(verifyExport(model, exported, 'cpu')).rejects.toThrow('no such backend');
  expect(exported.release).toHaveBeenCalledOnce();
});
