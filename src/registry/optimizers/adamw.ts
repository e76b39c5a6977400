import { Type } from '../schema.js';
import { ADAM_SLOTS, adamFields, adamScalars, adamUpdate } from './adam.js';
import { defineOptimizer, weightDecayField } from './optimizer.js';

/** Adam with decoupled weight decay (Loshchilov & Hutter 2017), as torch.optim.AdamW: p ← (1 − lr·λ)p before Adam's step. */
export const adamw = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('adamw', { description: 'Adam with decoupled weight decay, as torch.optim.AdamW.' }),
      ...adamFields,
      weight_decay: weightDecayField('Parameters shrink by learning rate · weight_decay each step.', 0.01),
    },
    { additionalProperties: false },
  ),
  slots: () => ADAM_SLOTS,
  scalars: adamScalars,
  update: (options, math, inputs) => {
    if (options.weight_decay === 0) return adamUpdate(math, inputs);
    return adamUpdate(math, {
      ...inputs,
      parameter: math.mul(inputs.scalars.decay_factor!, inputs.parameter),
    });
  },
});
