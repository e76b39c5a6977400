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
