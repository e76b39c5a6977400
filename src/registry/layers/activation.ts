import type { Tensor } from '@tensorflow/tfjs';
import { oneOf, type Tf } from '../schema.js';

export type Activation = 'none' | 'relu';

export const activationField = oneOf<Activation>(['none', 'relu'], {
  default: 'none',
  description: 'Function applied to the output: none, or relu = max(x, 0).',
});

export function activate(tf: Tf, activation: Activation, x: Tensor): Tensor {
  return activation === 'relu' ? tf.relu(x) : x;
}
