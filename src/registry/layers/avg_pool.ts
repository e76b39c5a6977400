import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';
import { defineLayer, featureMap, type Shape } from './layer.js';
import { type PoolingWindow, planPooling, poolingFields, poolingWindow } from './pooling.js';
import { explicitPadding } from './window.js';

/** The mean of each window, as torch.nn.AvgPool2d. */
export const avgPool = defineLayer({
  schema: Type.Object(
    {
      ...poolingFields('avg_pool', 'Average pooling, as torch.nn.AvgPool2d.'),
      count_include_pad: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether zeros of the padding count in the mean.' }),
      ),
    },
    { additionalProperties: false },
  ),
  plan: planPooling,
  forward: (tf, options, { input }, x) => {
    const window = poolingWindow(options, input);
    const { kernel, stride, padding } = window;
    // TensorFlow.js leaves its padding out of the mean: pad first.
    const padded = Object.values(padding).some((p) => p > 0) ? tf.pad(x, explicitPadding(padding)) : x;
    const means = tf.avgPool(padded as Tensor4D, kernel, stride, 'valid');
    return rescaled(tf, means, window, input, options.count_include_pad);
  },
});

/** Means over whole windows to those over the pixels that count: what ceil_mode adds beyond the padding never does. */
function rescaled(
  tf: Tf,
  means: Tensor4D,
  { kernel, stride, given }: PoolingWindow,
  input: Shape,
  withPadding: boolean,
): Tensor {
  const [, ...sizes] = featureMap(input);
  const counts = ([0, 1] as const).map((axis) =>
    Array.from({ length: means.shape[1 + axis]! }, (_, index) => {
      const edge = withPadding ? given[axis] : 0;
      const start = index * stride[axis] - given[axis];
      return Math.min(start + kernel[axis], sizes[axis]! + edge) - Math.max(start, -edge);
    }),
  );
  const [rows, columns] = counts as [number[], number[]];
  const area = kernel[0] * kernel[1];
  const factors = rows.flatMap((height) => columns.map((width) => area / (height * width)));
  if (factors.every((factor) => factor === 1)) return means;
  return tf.mul(means, tf.tensor(factors, [1, rows.length, columns.length, 1]));
}
