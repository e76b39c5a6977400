import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Tf } from '../../registry/schema.js';

type Inputs = Readonly<Record<keyof typeof TRIAL_INPUTS, Tensor>>;

export const TRIAL_INPUTS = {
  image: { shape: [1, 3, 3, 1], values: [1, 2, 3, 4, 5, 6, 7, 8, 9] },
  filter: { shape: [2, 2, 1, 1], values: [1, 2, 3, 4] },
  matrix: { shape: [2, 2], values: [1, 1, 0, 1] },
} as const;

/** [[37, 47], [67, 77]] · [[1, 1], [0, 1]] */
const RESULT = [37, 84, 67, 144];

/** A convolution and a product of matrices: GPUs load a library of their own at the first of each. */
export function trial(tf: Tf, { image, filter, matrix }: Inputs): Tensor {
  const map = tf.conv2d(image as Tensor4D, filter as Tensor4D, 1, 'valid');
  return tf.matMul(tf.reshape(map, [2, 2]), matrix);
}

/** @throws Error where a trial did not give what it gives on paper */
export function requireTrialResult(result: ArrayLike<number>): void {
  if (RESULT.every((value, index) => Math.abs(value - result[index]!) < 0.01)) return;
  throw new Error(`wrong result: expected ${RESULT} of the trial computation, got ${Array.from(result)}`);
}
