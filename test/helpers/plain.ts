/** A tensor in row-major order. */
export interface Plain {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** The tensor whose axis i is axis permutation[i] of x. */
export function permute({ shape, values }: Plain, permutation: readonly number[]): Plain {
  const strides = shape.map((_, axis) => elements(shape.slice(axis + 1)));
  const target = permutation.map((axis) => shape[axis]!);
  const permuted = new Float32Array(values.length);
  for (let index = 0; index < permuted.length; index++) {
    let rest = index;
    let source = 0;
    for (let axis = target.length - 1; axis >= 0; axis--) {
      source += (rest % target[axis]!) * strides[permutation[axis]!]!;
      rest = Math.floor(rest / target[axis]!);
    }
    permuted[index] = values[source]!;
  }
  return { shape: target, values: permuted };
}

/** [batch, height, width, channels] to PyTorch's [batch, channels, height, width]. */
export const toChannelsFirst = (x: Plain): Plain => permute(x, [0, 3, 1, 2]);
/** PyTorch's [batch, channels, height, width] to [batch, height, width, channels]. */
export const toChannelsLast = (x: Plain): Plain => permute(x, [0, 2, 3, 1]);
/** Filters [height, width, in, out] to PyTorch's [out, in, height, width]. */
export const toPyTorchFilter = (w: Plain): Plain => permute(w, [3, 2, 0, 1]);
/** PyTorch's filters [out, in, height, width] to [height, width, in, out]. */
export const fromPyTorchFilter = (w: Plain): Plain => permute(w, [2, 3, 1, 0]);
