import { UserError } from '../../errors.js';
import type { Trace } from '../trace.js';
import type { Value } from '../value.js';

/** What a graph is traced for: the operations that it may consist of. */
export interface Target {
  /** What TensorFlow.js kernels are translated to, for errors. */
  readonly name: string;
  /** Translations by the name of the TensorFlow.js kernel. */
  readonly translations: ReadonlyMap<string, Translation>;
  /** Whether the graph may have operations of gnet's own (`Node.custom`) beside those of the translations. */
  readonly customOperations: boolean;
  /** What to do about a kernel that has none. */
  readonly hint: string;
}

/** An operation that has no translation to the target of a trace. */
export class UntranslatedKernelError extends UserError {
  constructor(trace: Trace, kernel: string) {
    super(
      `layer "${trace.graph.scope}": TensorFlow.js kernel ${kernel} has no translation to ${trace.target.name}`,
      { hint: trace.target.hint },
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
