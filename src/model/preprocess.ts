import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { ImageSize } from '../registry/datasets/dataset.js';
import type { Experiment } from '../registry/experiment.js';
import type { Tf } from '../registry/schema.js';
import { resizeMatrix } from './resize_matrix.js';

/**
 * Images as the network sees them: resized, scaled to 0…1, normalized.
 * @param images pixel values 0…255, int32, [batch, channels, height, width]
 * @returns float32 [batch, height, width, channels]
 */
export function preprocess(tf: Tf, images: Tensor, input: Experiment['input'], image: ImageSize): Tensor4D {
  let x = tf.cast(images, 'float32');
  if (input.resize !== null) {
    // Pillow's order: width first, each pass rounded to whole pixel values.
    if (input.resize !== image.width)
      x = roundPixels(tf, tf.matMul(x, matrix(tf, image.width, input.resize), false, true));
    if (input.resize !== image.height)
      x = roundPixels(tf, resizeRows(tf, x, matrix(tf, image.height, input.resize)));
  }
  const { mean, std } = input.normalize;
  const scale = tf.tensor1d(std.map((s) => 1 / (255 * s)));
  const shift = tf.tensor1d(mean.map((m, channel) => -m / std[channel]!));
  return tf.add(tf.mul(tf.transpose(x, [0, 2, 3, 1]), scale), shift);
}

function matrix(tf: Tf, from: number, to: number): Tensor {
  return tf.tensor2d(resizeMatrix(from, to), [to, from]);
}

/** rows · x for each plane of x [batch, channels, height, width], rows [outHeight, height]. */
function resizeRows(tf: Tf, x: Tensor, rows: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const planes = tf.reshape(x, [batch * channels, height, width]);
  const y = tf.matMul(tf.reshape(rows, [1, ...rows.shape]), planes);
  return tf.reshape(y, [batch, channels, rows.shape[0]!, width]);
}

function roundPixels(tf: Tf, x: Tensor): Tensor {
  return tf.floor(tf.add(x, 0.5));
}
