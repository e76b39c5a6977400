import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { checkKernels } from '../../../src/backends/doctor/kernels.js';
import { TRACE_BACKEND, traceBackend } from '../../../src/tracing/backend.js';
import { UntranslatedKernelError } from '../../../src/tracing/kernels/kernel.js';
import { tinyPlan } from '../../helpers/tiny_plan.js';

const { config } = tinyPlan();

/** Takes a kernel from a TensorFlow.js backend until the current test ends. */
function removeKernel(name: string, backend: string): void {
  const kernel = tf.getKernel(name, backend)!;
  tf.unregisterKernel(name, backend);
  onTestFinished(() => {
    if (tf.getKernel(name, backend)) tf.unregisterKernel(name, backend);
    tf.registerKernel(kernel);
  });
}

/** Makes the tracer as if it had no translation of a kernel, until the current test ends. */
function forget(kernelName: string): void {
  const backend = traceBackend();
  removeKernel(kernelName, TRACE_BACKEND);
  const kernelFunc = () => {
    throw new UntranslatedKernelError(backend.current, kernelName);
  };
  tf.registerKernel({ kernelName, backendName: TRACE_BACKEND, kernelFunc });
}

test.each(['onnxruntime-cpu', 'wasm', 'cpu'] as const)('%s has them all', async (backend) => {
  const { needed, ...rest } = await checkKernels(backend, 1, config);
  expect(needed).toBeGreaterThan(20);
  expect(rest).toEqual({ missing: [], problem: null });
});

test('a batch norm of flat features runs', async () => {
  const layers = [
    { type: 'global_avg_pool', name: 'pool' },
    { type: 'batch_norm', name: 'bn' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ];
  const { config: flat } = tinyPlan({ model: { layers } });
  expect(await checkKernels('onnxruntime-cpu', 1, flat)).toMatchObject({ missing: [], problem: null });
});

describe('what is missing is named', () => {
  test('in an eager backend: all of it', async () => {
    await checkKernels('cpu', 1, config); // registers what is taken away
    removeKernel('AvgPoolGrad', 'cpu');
    removeKernel('Sqrt', 'cpu');
    expect(await checkKernels('cpu', 1, config)).toMatchObject({
      missing: ['AvgPoolGrad', 'Sqrt'],
      problem: null,
    });
    // Adam's square root is not needed by plain SGD.
    const sgd = tinyPlan({ optimizer: { type: 'sgd', learning_rate: 0.1 } }).config;
    expect(await checkKernels('cpu', 1, sgd)).toMatchObject({ missing: ['AvgPoolGrad'] });
  });

  test('in the tracer: the first, and the layer', async () => {
    forget('AvgPoolGrad');
    expect(await checkKernels('onnxruntime-cpu', 1, config)).toEqual({
      needed: null,
      missing: ['AvgPoolGrad'],
      problem: expect.stringMatching(
        /^layer "head\.pool": TensorFlow\.js kernel AvgPoolGrad has no translation/,
      ),
    });
  });
});

describe('what the tracer cannot follow, an eager backend shows by a step', () => {
  beforeEach(() => {
    forget('AvgPoolGrad');
  });

  test('it has all', async () => {
    expect(await checkKernels('cpu', 1, config)).toEqual({ needed: null, missing: [], problem: null });
  });

  test('it has not', async () => {
    removeKernel('AvgPoolGrad', 'cpu');
    expect(await checkKernels('cpu', 1, config)).toMatchObject({
      needed: null,
      missing: ['AvgPoolGrad'],
      problem: expect.stringContaining('AvgPoolGrad'),
    });
  });
});
