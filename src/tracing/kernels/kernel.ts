import type { Trace } from '../trace.js';
import type { Value } from '../value.js';

/** An operation that has no translation to ONNX. */
export class UntranslatedKernelError extends Error {
  constructor(trace: Trace, kernel: string) {
    super(
      `layer "${trace.graph.scope}": TensorFlow.js kernel ${kernel} has no translation to ONNX; ` +
        `add one in src/tracing/kernels, or run the model with an eager backend (--backend wasm)`,
    );
    this.name = 'UntranslatedKernelError';
  }
}

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
