/** How many values a tensor of this shape has: 1 for a scalar, whose shape is []. */
export function elements(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}
