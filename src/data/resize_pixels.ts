import { resizeWindows, WEIGHT_ONE } from '../pixels/resize_matrix.js';

/** Size of an image whose channels lie side by side: [height, width, channels]. */
interface Size {
  readonly height: number;
  readonly width: number;
}

/**
 * Resizes uint8 pixels [height, width, channels] as the model's `input.resize` does, with the arithmetic of Pillow's
 * Image.resize(BILINEAR): a triangle filter that widens when shrinking, width first, each pass rounded. (Of upright
 * images Pillow 13 resizes the height first where that is cheaper, which changes some pixel values by 1.)
 */
export function resizePixels(pixels: Uint8Array, channels: number, from: Size, to: Size): Uint8Array {
  const narrow = resizeWidth(pixels, channels, from, to.width);
  return resizeHeight(narrow, to.width * channels, from.height, to.height);
}

/** Weights sum to WEIGHT_ONE, so that sums of bytes stay below 2³⁰: whole numbers that a shift divides. */
const HALF = WEIGHT_ONE / 2;
const PLACES = Math.log2(WEIGHT_ONE);

function resizeWidth(pixels: Uint8Array, channels: number, { height, width }: Size, to: number): Uint8Array {
  if (width === to) return pixels;
  const resized = new Uint8Array(height * to * channels);
  const windows = resizeWindows(width, to).map(({ first, weights }) => ({
    first: first * channels,
    weights: Int32Array.from(weights),
  }));
  const sums = new Int32Array(channels);
  let target = 0;
  for (let row = 0; row < height; row++) {
    const start = row * width * channels;
    for (const { first, weights } of windows) {
      if (channels === 3) {
        let [red, green, blue] = [HALF, HALF, HALF];
        for (let j = 0, source = start + first; j < weights.length; j++, source += 3) {
          const weight = weights[j]!;
          red = (red + weight * pixels[source]!) | 0;
          green = (green + weight * pixels[source + 1]!) | 0;
          blue = (blue + weight * pixels[source + 2]!) | 0;
        }
        resized[target++] = red >> PLACES;
        resized[target++] = green >> PLACES;
        resized[target++] = blue >> PLACES;
      } else {
        sums.fill(HALF);
        for (let j = 0, source = start + first; j < weights.length; j++) {
          for (let k = 0; k < channels; k++) sums[k] = sums[k]! + weights[j]! * pixels[source++]!;
        }
        for (let k = 0; k < channels; k++) resized[target++] = sums[k]! >> PLACES;
      }
    }
  }
  return resized;
}

/** Row by row, as they lie in memory. @param length bytes of a row */
function resizeHeight(pixels: Uint8Array, length: number, from: number, to: number): Uint8Array {
  if (from === to) return pixels;
  const resized = new Uint8Array(to * length);
  const sums = new Int32Array(length);
  for (const [row, { first, weights }] of resizeWindows(from, to).entries()) {
    sums.fill(HALF);
    for (const [j, weight] of weights.entries()) {
      const start = (first + j) * length;
      for (let i = 0; i < length; i++) sums[i] = sums[i]! + weight * pixels[start + i]!;
    }
    const target = row * length;
    for (let i = 0; i < length; i++) resized[target + i] = sums[i]! >> PLACES;
  }
  return resized;
}
