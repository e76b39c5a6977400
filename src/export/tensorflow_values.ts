import { elements } from '../shape.js';
import { UntranslatedKernelError } from '../tracing/kernels/kernel.js';
import type { Trace } from '../tracing/trace.js';
import type { Value } from '../tracing/value.js';

/** Constants beyond this many elements would have a batch in their shape, or belong into a file of weights. */
const LARGEST_UNIFORM = 1_000_000;

/** The value's name; a constant whose elements are all the same is written out. */
export function stored(trace: Trace, value: Value): string {
  if (value.uniform === undefined || value.shape.length === 0) return value.name;
  const size = elements(value.shape);
  if (size > LARGEST_UNIFORM) {
    throw new UntranslatedKernelError(trace, `(constant of ${size} equal numbers)`);
  }
  const numbers = Array<number>(size).fill(value.uniform);
  return value.type === 'int32'
    ? trace.graph.int32s(numbers, value.shape)
    : trace.graph.floats(numbers, value.shape);
}

/** The name of a list of sizes or axes. */
export const integers = (trace: Trace, values: readonly number[]) =>
  trace.graph.int32s(values, [values.length]);

/** Adds `constantValue` at the edges. */
export function padded(
  trace: Trace,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  constantValue: number,
): Value {
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const value =
    x.type === 'int32' ? trace.graph.int32s([constantValue], []) : trace.graph.floats([constantValue], []);
  const sides = trace.graph.int32s(paddings.flat(), [paddings.length, 2]);
  return trace.value(trace.graph.node('PadV2', [stored(trace, x), sides, value]), shape, { type: x.type });
}
