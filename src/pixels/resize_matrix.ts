/** Pillow computes with weights of 22 binary places. */
export const WEIGHT_ONE = 2 ** 22;

/** The pixels of a line that make one pixel of the resized line. */
export interface ResizeWindow {
  /** Index of the first one. */
  readonly first: number;
  /** Of the pixels from there on, in units of 1 / WEIGHT_ONE. */
  readonly weights: readonly number[];
}

/**
 * Bilinear resampling of a line of pixels, a window for each pixel of the result: half-pixel centres, and a triangle
 * filter that widens when shrinking, as Pillow's Image.resize(BILINEAR) has it (Pillow, src/libImaging/Resample.c).
 */
export function resizeWindows(from: number, to: number): ResizeWindow[] {
  const scale = from / to;
  const support = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, j) =>
      Math.max(0, 1 - Math.abs((first + j - centre + 0.5) / support)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => Math.floor((weight / sum) * WEIGHT_ONE + 0.5)) };
  });
}

/** `resizeWindows` as a matrix [to, from], row-major. */
export function resizeMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (const [i, { first, weights }] of resizeWindows(from, to).entries())
    matrix.set(weights, i * from + first);
  return matrix;
}
