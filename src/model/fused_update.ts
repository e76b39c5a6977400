import type { Arithmetic } from '../registry/optimizers/arithmetic.js';
import { type OptimizerOptions, optimizerEntry } from '../registry/optimizers/index.js';

/** Updates one parameter in place, and its slots, in the order of the optimizer's `slots`. */
export type FusedUpdate = (
  parameter: Float32Array,
  gradient: Float32Array,
  slots: readonly Float32Array[],
  scalars: Readonly<Record<string, number>>,
) => void;

/**
 * Compiles an update rule into one loop over typed arrays: each element is read and written once, where one pass per
 * operation would be bound by memory. The rule runs once, on variable names, and so writes the body of the loop.
 * Arithmetic is float64 between the float32 loads and stores.
 */
export function fuseUpdate(options: OptimizerOptions): FusedUpdate {
  const entry = optimizerEntry(options.type);
  const slots = entry.slots(options);
  const scalars = Object.keys(entry.scalars(options, 0, 1));
  const body: string[] = [];
  const assign = (expression: string): string => {
    const name = `t${body.length}`;
    body.push(`const ${name} = ${expression};`);
    return name;
  };
  const math: Arithmetic<string> = {
    add: (a, b) => assign(`${a} + ${b}`),
    sub: (a, b) => assign(`${a} - ${b}`),
    mul: (a, b) => assign(`${a} * ${b}`),
    div: (a, b) => assign(`${a} / ${b}`),
    sqrt: (a) => assign(`Math.sqrt(${a})`),
  };
  const outputs = entry.update(options, math, {
    parameter: assign('parameter[i]'),
    gradient: assign('gradient[i]'),
    slots: Object.fromEntries(slots.map((slot) => [slot, assign(`${slot}[i]`)])),
    scalars: Object.fromEntries(scalars.map((scalar) => [scalar, scalar])),
  });
  // The source consists of the rule's own names and operators: nothing of a config or a file enters it.
  return new Function(
    'parameter',
    'gradient',
    `[${slots.join(', ')}]`,
    `{ ${scalars.join(', ')} }`,
    `for (let i = 0; i < parameter.length; i++) {
      ${body.join('\n      ')}
      parameter[i] = ${outputs.parameter};
      ${slots.map((slot) => `${slot}[i] = ${outputs.slots[slot]};`).join('\n      ')}
    }`,
  ) as FusedUpdate;
}
