import type { Tensor } from '@tensorflow/tfjs';
import type { Arithmetic } from '../registry/optimizers/arithmetic.js';
import { type OptimizerOptions, optimizerEntry } from '../registry/optimizers/index.js';
import type { Tf } from '../registry/schema.js';

/** What an update changes, as tensors: trained parameters by name, and slot → parameter name → tensor. */
export interface StateTensors {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
}

/**
 * The state after one update, by the optimizer's rule in tensor arithmetic.
 * @param gradients by parameter
 * @param scalars of the step, by the optimizer's names
 */
export function updatedState(
  tf: Tf,
  options: OptimizerOptions,
  { parameters, slots }: StateTensors,
  gradients: ReadonlyMap<string, Tensor>,
  scalars: Readonly<Record<string, Tensor>>,
): StateTensors {
  const math: Arithmetic<Tensor> = { add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, sqrt: tf.sqrt };
  const updated = [...parameters].map(([name, parameter]) => {
    const own = [...slots].map(([slot, tensors]) => [slot, tensors.get(name)!] as const);
    const inputs = { parameter, gradient: gradients.get(name)!, slots: Object.fromEntries(own), scalars };
    return [name, optimizerEntry(options.type).update<Tensor>(options, math, inputs)] as const;
  });
  return {
    parameters: new Map(updated.map(([name, outputs]) => [name, outputs.parameter])),
    slots: new Map(
      [...slots.keys()].map((slot) => [
        slot,
        new Map(updated.map(([name, outputs]) => [name, outputs.slots[slot]!])),
      ]),
    ),
  };
}
