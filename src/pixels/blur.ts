import { copyOf, type Planes, roundHalfEven, toByte } from './planes.js';

/**
 * value + (1 − factor) · (blurred − value) inside of the border, blurred by 1 1 1 / 1 5 1 / 1 1 1 over 13 and rounded, as
 * torchvision's and Pillow's sharpness. Images of fewer than 3 pixels across stay as they are.
 */
export function adjustSharpness(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  factor: number,
): void {
  if (height <= 2 || width <= 2) return;
  const plane = height * width;
  const source = copyOf(images, offset, channels * plane);
  const rest = 1 - factor;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 1; y < height - 1; y++) {
      let at = channel * plane + y * width + 1;
      for (let x = 1; x < width - 1; x++, at++) {
        const [up, down] = [at - width, at + width];
        const value = source[at]!;
        const around = source[up - 1]! + source[up]! + source[up + 1]! + source[at - 1]! + source[at + 1]!;
        const below = source[down - 1]! + source[down]! + source[down + 1]!;
        const blurred = Math.round((around + below + 5 * value) / 13);
        images[offset + at] = toByte(Math.fround(value + rest * (blurred - value)));
      }
    }
  }
}

/** torchvision's Gaussian of `size` taps (odd): exp(−x²/σ²) over lim = (size − 1) / (2√2), which is exp(−d²/2σ²) of distances. */
export function gaussianKernel(size: number, sigma: number): Float64Array {
  const middle = (size - 1) / 2;
  const weights = Float64Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - middle) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}

let rows = new Float64Array();

/** Blurs by a kernel along both axes, mirrored at the border; half its length must be less than height and width. */
export function blur(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  kernel: Float64Array,
): void {
  const plane = height * width;
  const half = (kernel.length - 1) / 2;
  if (rows.length < plane) rows = new Float64Array(plane);
  for (let start = offset; start < offset + channels * plane; start += plane) {
    for (let y = 0; y < height; y++) {
      const row = start + y * width;
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = -half; k <= half; k++) sum += kernel[k + half]! * images[row + mirrored(x + k, width)]!;
        rows[y * width + x] = sum;
      }
    }
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        let sum = 0;
        for (let k = -half; k <= half; k++)
          sum += kernel[k + half]! * rows[mirrored(y + k, height) * width + x]!;
        images[start + y * width + x] = roundHalfEven(sum);
      }
    }
  }
}

/** Where a place up to one length outside is mirrored to; the border itself counts once. */
export function mirrored(place: number, length: number): number {
  return place < 0 ? -place : place >= length ? 2 * length - 2 - place : place;
}
