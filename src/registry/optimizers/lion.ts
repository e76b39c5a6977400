import { Type } from '../schema.js';
import { defineOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

const beta = (value: number, description: string) =>
  Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, default: value, description }));

/**
 * Lion (Chen et al. 2023, algorithm 2): p ← (1 − lr·λ)p − lr·sign(β₁m + (1−β₁)g); then m ← β₂m + (1−β₂)g.
 */
export const lion = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('lion', { description: 'Lion: steps of one size, by the sign of the momentum.' }),
      learning_rate: learningRateOf(1e-4),
      beta1: beta(0.9, 'Share of the running mean in the direction of a step, from 0 to below 1.'),
      beta2: beta(0.99, 'Decay of the running mean of the gradient, from 0 to below 1.'),
      weight_decay: weightDecayField('Parameters shrink by learning rate · weight_decay each step.', 0),
    },
    { additionalProperties: false },
  ),
  slots: () => ['exp_avg'],
  scalars: ({ beta1, beta2, weight_decay }, learningRate) => ({
    learning_rate: learningRate,
    beta1,
    one_minus_beta1: 1 - beta1,
    beta2,
    one_minus_beta2: 1 - beta2,
    decay_factor: 1 - learningRate * weight_decay,
  }),
  update: (options, { add, sub, mul, sign }, { parameter, gradient, slots, scalars }) => {
    const mean = slots.exp_avg!;
    const direction = sign(add(mul(scalars.beta1!, mean), mul(scalars.one_minus_beta1!, gradient)));
    const kept = options.weight_decay === 0 ? parameter : mul(scalars.decay_factor!, parameter);
    return {
      parameter: sub(kept, mul(scalars.learning_rate!, direction)),
      slots: { exp_avg: add(mul(scalars.beta2!, mean), mul(scalars.one_minus_beta2!, gradient)) },
    };
  },
});
