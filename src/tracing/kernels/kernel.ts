import type { Trace } from '../trace.js';
import type { Value } from '../value.js';

/** Appends the nodes of one TensorFlow.js kernel to a trace. `inputs` and `attributes` have the names of that kernel. */
export type Translation<A = unknown> = (
  trace: Trace,
  inputs: Readonly<Record<string, Value>>,
  attributes: A,
) => Value | Value[];

/** Ties a translation to TensorFlow.js's type of the kernel's attributes. */
export function translation<A>(translate: Translation<A>): Translation {
  return (trace, inputs, attributes) => translate(trace, inputs, attributes as A);
}
