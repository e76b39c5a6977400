import type { Tensor } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';
import { constantParameter, type LayerContext, type TensorSpec } from './layer.js';

/** Options of a normalization with a trained scale and shift. */
export const scaleAndShiftFields = {
  affine: Type.Optional(
    Type.Boolean({ default: true, description: 'Whether it has a trained scale and shift.' }),
  ),
  init: Type.Optional(
    Type.Number({
      default: 1,
      description: 'What the scales start at; 0 in the last norm of a residual branch starts it as nothing.',
    }),
  ),
};

export interface ScaleAndShift {
  readonly affine: boolean;
  readonly init: number;
}

export function scaleAndShiftTensors(
  { affine, init }: ScaleAndShift,
  shape: readonly number[],
): readonly TensorSpec[] {
  if (!affine) return [];
  return [constantParameter('weight', shape, init), constantParameter('bias', shape, 0)];
}

/** x · weight + bias, both over the last axis. */
export function scaleAndShift(
  tf: Tf,
  { affine }: ScaleAndShift,
  { tensor }: Pick<LayerContext, 'tensor'>,
  x: Tensor,
): Tensor {
  return affine ? tf.add(tf.mul(x, tensor('weight')), tensor('bias')) : x;
}
