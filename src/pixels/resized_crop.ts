import { copyOf, type Planes } from './planes.js';
import { type ResizeWindow, resizeWindows, WEIGHT_ONE } from './resize_matrix.js';

/** A part of an image, in pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Windows by (from, to): each length of a crop occurs again and again. */
const known = new Map<number, readonly ResizeWindow[]>();

function windows(from: number, to: number): readonly ResizeWindow[] {
  const key = from * 2 ** 20 + to;
  let made = known.get(key);
  if (!made) {
    made = resizeWindows(from, to);
    known.set(key, made);
  }
  return made;
}

/**
 * Cuts `box` out and resizes it to the whole image, in place: bilinear and antialiased with Pillow's weights, width first,
 * each pass rounded.
 */
export function resizedCrop(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  box: Box,
): void {
  const plane = height * width;
  const columns = windows(box.width, width);
  const rows = windows(box.height, height);
  for (let start = offset; start < offset + channels * plane; start += plane) {
    const source = copyOf(images, start, plane);
    for (let y = 0; y < box.height; y++) {
      const row = (box.top + y) * width + box.left;
      for (let x = 0; x < width; x++) {
        const { first, weights } = columns[x]!;
        let sum = WEIGHT_ONE / 2;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * source[row + first + k]!;
        images[start + y * width + x] = Math.floor(sum / WEIGHT_ONE);
      }
    }
    if (box.height === height) continue;
    const narrow = copyOf(images, start, box.height * width);
    for (let y = 0; y < height; y++) {
      const { first, weights } = rows[y]!;
      for (let x = 0; x < width; x++) {
        let sum = WEIGHT_ONE / 2;
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * narrow[(first + k) * width + x]!;
        images[start + y * width + x] = Math.floor(sum / WEIGHT_ONE);
      }
    }
  }
}
