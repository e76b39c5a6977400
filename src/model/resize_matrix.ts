/** Pillow computes with weights of 22 binary places. */
export const WEIGHT_ONE = 2 ** 22;

/**
 * Bilinear resampling of a line of pixels as a matrix [to, from] (row-major) of weights in units of 1 / WEIGHT_ONE:
 * half-pixel centres, and a triangle filter that widens when shrinking, as Pillow's Image.resize(BILINEAR) has it
 * (Pillow, src/libImaging/Resample.c).
 */
export function resizeMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  const scale = from / to;
  const support = Math.max(1, scale);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const last = Math.min(from, Math.floor(centre + support + 0.5));
    const weights = Array.from({ length: last - first }, (_, j) =>
      Math.max(0, 1 - Math.abs((first + j - centre + 0.5) / support)),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (const [j, weight] of weights.entries()) {
      matrix[i * from + first + j] = Math.floor((weight / sum) * WEIGHT_ONE + 0.5);
    }
  }
  return matrix;
}
