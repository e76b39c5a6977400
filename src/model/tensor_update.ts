import type { Tensor } from '@tensorflow/tfjs';
import type { TensorArithmetic } from '../registry/optimizers/arithmetic.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import { updateTensor } from '../registry/optimizers/optimizer.js';
import type { Tf } from '../registry/schema.js';
import type { UpdateGroups } from './update_groups.js';

/** What an update changes, as tensors: trained parameters by name, and slot → parameter name → tensor. */
export interface StateTensors {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly slots: ReadonlyMap<string, ReadonlyMap<string, Tensor>>;
}

/** The operations of update rules on tensors. */
export function tensorArithmetic(tf: Tf): TensorArithmetic<Tensor> {
  // Every backend has Step; some have no Sign.
  const sign = (x: Tensor) => tf.sub(tf.step(x), tf.step(tf.neg(x)));
  return {
    add: tf.add,
    sub: tf.sub,
    mul: tf.mul,
    div: tf.div,
    sqrt: tf.sqrt,
    sign,
    constant: (value) => tf.scalar(value),
    shape: ({ shape }) => shape,
    reshape: (x, shape) => tf.reshape(x, [...shape]),
    norm: (x) => tf.sqrt(tf.sum(tf.mul(x, x))),
    matMul: (a, b, transposeA, transposeB) => tf.matMul(a, b, transposeA, transposeB),
  };
}

/**
 * The state after one update, by the optimizer's rule in tensor arithmetic.
 * @param gradients by parameter
 * @param scalars of the step, by the optimizer's names, for each group
 */
export function updatedState(
  tf: Tf,
  groups: UpdateGroups,
  { parameters, slots }: StateTensors,
  gradients: ReadonlyMap<string, Tensor>,
  scalars: readonly Readonly<Record<string, Tensor>>[],
): StateTensors {
  const math = tensorArithmetic(tf);
  const updated = groups.flatMap((group, index) =>
    group.parameters.map((name) => {
      const own = [...slots].map(([slot, tensors]) => [slot, tensors.get(name)!] as const);
      const inputs = {
        parameter: parameters.get(name)!,
        gradient: gradients.get(name)!,
        slots: Object.fromEntries(own),
        scalars: scalars[index]!,
      };
      const { optimizer } = group;
      return [name, updateTensor<Tensor>(optimizerEntry(optimizer.type), optimizer, math, inputs)] as const;
    }),
  );
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
