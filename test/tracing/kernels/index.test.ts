import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { registerGroupedConvolution } from '../../../src/engines/eager/grouped_convolution.js';
import { kernels } from '../../../src/tracing/kernels/index.js';

it('every translation is of a kernel that TensorFlow.js has, or that eager backends get', () => {
  registerGroupedConvolution(tf, 'cpu');
  const known = new Set(tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName));
  expect([...kernels.keys()].filter((name) => !known.has(name))).toEqual([]);
});
