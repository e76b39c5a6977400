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
  const narrow = resizeAxis(pixels, { outer: from.height, inner: channels }, from.width, to.width);
  return resizeAxis(narrow, { outer: 1, inner: to.width * channels }, from.height, to.height);
}

/** Resizes the middle axis of [outer, from, inner] to `to`. */
function resizeAxis(
  pixels: Uint8Array,
  { outer, inner }: { outer: number; inner: number },
  from: number,
  to: number,
): Uint8Array {
  if (from === to) return pixels;
  const resized = new Uint8Array(outer * to * inner);
  const windows = resizeWindows(from, to);
  let target = 0;
  for (let o = 0; o < outer; o++) {
    for (const { first, weights } of windows) {
      for (let k = 0; k < inner; k++) {
        let sum = WEIGHT_ONE / 2;
        let source = (o * from + first) * inner + k;
        for (let j = 0; j < weights.length; j++, source += inner) sum += weights[j]! * pixels[source]!;
        resized[target++] = Math.floor(sum / WEIGHT_ONE);
      }
    }
  }
  return resized;
}
