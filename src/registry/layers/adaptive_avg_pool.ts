import type { Tensor4D } from '@tensorflow/tfjs';
import { pair, sizeOrPair, Type } from '../schema.js';
import { defineLayer, featureMap, unnamedLayerFields } from './layer.js';

/** Means over parts of the map that are as equal as pixels allow and may overlap, as torch.nn.AdaptiveAvgPool2d. */
export const adaptiveAvgPool = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'adaptive_avg_pool',
        'Average pooling to a given size, as torch.nn.AdaptiveAvgPool2d.',
      ),
      size: sizeOrPair(1, { description: 'Height and width of the output: one number, or [height, width].' }),
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => ({
    output: [featureMap(input)[0], ...pair(options.size)],
    tensors: [],
    macs: 0,
    mask: null,
  }),
  forward: (tf, options, { input }, x) => {
    const [channels, height, width] = featureMap(input);
    const [rows, columns] = pair(options.size);
    if (rows === height && columns === width) return x;
    if (rows === 1 && columns === 1) return tf.mean(x, [1, 2], true);
    if (height % rows === 0 && width % columns === 0) {
      const window: [number, number] = [height / rows, width / columns];
      return tf.avgPool(x as Tensor4D, window, window, 'valid');
    }
    // One matrix product: a row for each plane, a column for each output.
    const [down, across] = [shares(height, rows), shares(width, columns)];
    const matrix = Array.from({ length: height * width }, (_, at) =>
      down.flatMap((row) => across.map((column) => row[Math.floor(at / width)]! * column[at % width]!)),
    );
    const planes = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, height * width]);
    const pooled = tf.matMul(planes, tf.tensor2d(matrix));
    return tf.transpose(tf.reshape(pooled, [-1, channels, rows, columns]), [0, 2, 3, 1]);
  },
});

/** For each of `count` parts of a line of `size` pixels, the share of each pixel in its mean. */
function shares(size: number, count: number): number[][] {
  return Array.from({ length: count }, (_, part) => {
    const start = Math.floor((part * size) / count);
    const end = Math.ceil(((part + 1) * size) / count);
    return Array.from({ length: size }, (_, at) => (at >= start && at < end ? 1 / (end - start) : 0));
  });
}
