/**
 * The operations that an update rule is made of, over any kind of number: TensorFlow.js tensors (eager backends), or
 * expressions that become one fused loop over typed arrays (compiled backends). Rules are written once, in these.
 */
export interface Arithmetic<T> {
  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  sqrt(a: T): T;
  /** 1 above zero, −1 below, 0 at zero. */
  sign(a: T): T;
}

/** What rules need besides that look at a parameter as a whole; such rules run as tensors, on every backend. */
export interface TensorArithmetic<T> extends Arithmetic<T> {
  /** The same number everywhere, of shape []. */
  constant(value: number): T;
  shape(a: T): readonly number[];
  reshape(a: T, shape: readonly number[]): T;
  /** The root of the sum of all squares, of shape []. */
  norm(a: T): T;
  /** Of two matrices, each transposed first where asked. */
  matMul(a: T, b: T, transposeA: boolean, transposeB: boolean): T;
}
