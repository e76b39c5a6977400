import * as tf from '@tensorflow/tfjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeModel } from '../../src/engines/onnxruntime/encode.js';
import { layers } from '../../src/registry/layers/index.js';
import { TRACE_BACKEND, traceBackend } from '../../src/tracing/backend.js';
import { onnxOperators } from '../../src/tracing/kernels/index.js';
import { traceEvaluation, traceTraining } from '../../src/tracing/step_graphs.js';
import { runners, traceFunction } from '../helpers/runners.js';
import { smallPlan } from '../helpers/small_plan.js';

const plan = smallPlan({
  layers: [
    { type: 'conv', name: 'conv1', filters: 2, kernel: 3, activation: 'relu' },
    { type: 'relu', name: 'odd' },
    { type: 'conv', name: 'conv2', filters: 2, kernel: 1 },
    { type: 'global_avg_pool', name: 'pool' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ],
  auxiliary: [
    {
      name: 'aux',
      after: 'conv1',
      weight: 1,
      layers: [
        { type: 'flatten', name: 'flatten' },
        { type: 'dropout', name: 'odd', rate: 0.5 },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    },
  ],
});

const withoutTranslation = (layer: string, kernel: string) => ({
  name: 'UntranslatedKernelError',
  message: expect.stringMatching(
    `^layer "${layer}": TensorFlow.js kernel ${kernel} has no translation to ONNX$`,
  ),
  hint: expect.stringContaining('--backend wasm'),
  exitCode: 1,
});

describe('an operation without a translation', () => {
  afterEach(() => vi.restoreAllMocks());

  it('is named with its layer, whatever that reads', async () => {
    vi.spyOn(layers.relu, 'forward').mockImplementation((tfjs, _options, _context, x) => tfjs.atan(x));
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('odd', 'Atan'),
    );
    await expect(traceEvaluation(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('odd', 'Atan'),
    );
  });

  it('further inside of its layer, too', async () => {
    vi.spyOn(layers.relu, 'forward').mockImplementation((tfjs, _options, _context, x) =>
      tfjs.atan(tfjs.add(x, 1)),
    );
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('odd', 'Atan'),
    );
  });

  it('in a gradient', async () => {
    vi.spyOn(layers.relu, 'forward').mockImplementation((tfjs, _options, _context, x) => tfjs.maximum(x, 0));
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('odd', 'GreaterEqual'),
    );
    await expect(traceEvaluation(plan, 2, onnxOperators)).resolves.toBeDefined();
  });

  it('in a head, and in the gradient of a head', async () => {
    const odd = vi.spyOn(layers.dropout, 'forward');
    odd.mockImplementation((tfjs, _options, _context, x) => tfjs.atan(x));
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('aux.odd', 'Atan'),
    );
    odd.mockImplementation((tfjs, _options, _context, x) => tfjs.minimum(x, 0));
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toMatchObject(
      withoutTranslation('aux.odd', 'LessEqual'),
    );
    await expect(traceEvaluation(plan, 2, onnxOperators)).resolves.toBeDefined();
  });

  it('a constant of a type that graphs do not hold', async () => {
    const run = () => tf.cast(tf.tensor1d([true, false]), 'float32');
    await expect(traceFunction(run, [])).rejects.toThrow('kernel (constant of type bool) has no translation');
  });

  it('leaves TensorFlow.js on its backend', async () => {
    await tf.setBackend('cpu');
    vi.spyOn(layers.relu, 'forward').mockImplementation((tfjs, _options, _context, x) => tfjs.atan(x));
    await expect(traceTraining(plan, 2, onnxOperators)).rejects.toThrow();
    expect(tf.getBackend()).toBe('cpu');
  });
});

describe('what a traced function must not do', () => {
  it('read a tensor', async () => {
    const run = traceFunction(([x]) => tf.scalar(x!.dataSync()[0]!), [{ shape: [1], values: [1] }]);
    await expect(run).rejects.toThrow('the step function must not read tensors');
  });

  it('use a tensor of another backend', async () => {
    await tf.setBackend('cpu');
    const other = tf.tensor1d([1]);
    const run = traceFunction(([x]) => tf.add(x!, other), [{ shape: [1], values: [1] }]);
    await expect(run).rejects.toThrow('a tensor of another backend was used in a trace');
    other.dispose();
  });

  it('run outside of a trace', async () => {
    traceBackend();
    await tf.setBackend(TRACE_BACKEND);
    expect(() => tf.scalar(1)).toThrow('backend gnet-trace is used outside of a trace');
    await tf.setBackend('cpu');
  });
});

it('every type has its counterpart in TensorFlow.js', async () => {
  await traceFunction(
    ([bytes, integers, floats]) => {
      const dtypes = [bytes!, integers!, floats!, tf.equal(floats!, floats!)].map(({ dtype }) => dtype);
      expect(dtypes).toEqual(['int32', 'int32', 'float32', 'bool']);
      return floats!;
    },
    (['uint8', 'int32', 'float32'] as const).map((type) => ({ shape: [1], values: [1], type })),
  );
});

it('a constant whose elements are equal is stored once', async () => {
  const trace = await traceFunction(() => [tf.ones([50, 50]), tf.fill([40, 40], 2), tf.zeros([30, 30])], []);
  expect(encodeModel(trace.graph.finish()).length).toBeLessThan(1000);
  const [ones] = await runners.traced(() => tf.ones([2, 2]), []);
  expect(ones).toEqual({ shape: [2, 2], values: [1, 1, 1, 1] });
});
