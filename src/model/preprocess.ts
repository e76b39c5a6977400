import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import { resizeMatrix, WEIGHT_ONE } from '../pixels/resize_matrix.js';
import type { ImageSize } from '../registry/datasets/facts.js';
import type { Experiment } from '../registry/experiment.js';
import type { Tf } from '../registry/schema.js';

/** How preprocessing changes an image. */
export interface ImageChange {
  /** Of the resized image. */
  readonly height: number;
  readonly width: number;
  /** Pixel values 0…255 become value · scale + shift, in float32, by channel. */
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** What a TensorFlow.js backend may have for `preprocess`, beside its kernels. */
export interface ImageResizer {
  /**
   * Resizes and normalizes at once, to the same bits.
   * @returns undefined where it has nothing better than its kernels
   */
  resizeAndNormalize(images: Tensor, change: ImageChange): Tensor4D | undefined;
}

/**
 * Images as the network sees them: resized, scaled to 0…1, normalized.
 * @param images pixel values 0…255, int32, [batch, channels, height, width]
 * @returns float32 [batch, height, width, channels]
 */
export function preprocess(tf: Tf, images: Tensor, input: Experiment['input'], image: ImageSize): Tensor4D {
  const { resize, normalize } = input;
  const { height, width } = resize === null ? image : { height: resize, width: resize };
  const std = eachChannel(normalize.std, image);
  const scale = std.map((s) => 1 / (255 * s));
  const shift = eachChannel(normalize.mean, image).map((m, channel) => -m / std[channel]!);
  if (width !== image.width || height !== image.height) {
    const backend: ReturnType<Tf['backend']> & Partial<ImageResizer> = tf.backend();
    const ready = backend.resizeAndNormalize?.(images, { height, width, scale, shift });
    if (ready) return ready;
  }
  let x = tf.cast(images, 'float32');
  // Pillow's order: width first, each pass rounded to whole pixel values.
  if (width !== image.width)
    x = resample(tf, image.width, width, (weights) => tf.matMul(x, weights, false, true));
  if (height !== image.height)
    x = resample(tf, image.height, height, (weights) => resizeRows(tf, x, weights));
  return tf.add(tf.mul(tf.transpose(x, [0, 2, 3, 1]), tf.tensor1d(scale)), tf.tensor1d(shift));
}

/** A config may give one number for all channels. */
function eachChannel(values: readonly number[], { channels }: ImageSize): readonly number[] {
  return values.length === channels ? values : new Array<number>(channels).fill(values[0]!);
}

/**
 * One pass of resizing, to the same pixel values as Pillow's 22-bit integer arithmetic: with the weights in two halves
 * of 11 bits, the products with pixel values and their sums are whole numbers that float32 holds.
 * @param product of the pixels and weights [to, from]
 */
function resample(tf: Tf, from: number, to: number, product: (weights: Tensor) => Tensor): Tensor {
  const half = Math.sqrt(WEIGHT_ONE);
  const weights = tf.tensor2d(resizeMatrix(from, to), [to, from]);
  const high = tf.floor(tf.div(weights, half));
  const low = tf.sub(weights, tf.mul(high, half));
  const carry = tf.floor(tf.div(tf.add(product(low), WEIGHT_ONE / 2), half));
  return tf.floor(tf.div(tf.add(product(high), carry), half));
}

/** rows · x for each plane of x [batch, channels, height, width], rows [outHeight, height]. */
function resizeRows(tf: Tf, x: Tensor, rows: Tensor): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const planes = tf.reshape(x, [batch * channels, height, width]);
  const y = tf.matMul(tf.reshape(rows, [1, ...rows.shape]), planes);
  return tf.reshape(y, [batch, channels, rows.shape[0]!, width]);
}
