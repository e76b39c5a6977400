import { Type } from '../schema.js';
import { defineOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

/**
 * Stochastic gradient descent, as torch.optim.SGD (dampening 0):
 * g ← g + λp; b ← μb + g; p ← p − lr·b, or p − lr·(g + μb) with Nesterov's momentum.
 */
export const sgd = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('sgd', { description: 'Stochastic gradient descent, as torch.optim.SGD.' }),
      learning_rate: learningRateOf(0.001),
      momentum: Type.Optional(
        Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'Momentum factor, from 0 to 1.' }),
      ),
      nesterov: Type.Optional(
        Type.Boolean({ default: false, description: "Nesterov's momentum; needs momentum above 0." }),
      ),
      weight_decay: weightDecayField('L2 penalty: weight_decay · parameter is added to the gradient.', 0),
    },
    { additionalProperties: false },
  ),
  slots: (options) => (options.momentum > 0 ? ['momentum_buffer'] : []),
  scalars: (options, learningRate) => ({
    learning_rate: learningRate,
    momentum: options.momentum,
    weight_decay: options.weight_decay,
  }),
  update: (options, { add, sub, mul }, { parameter, gradient, slots, scalars }) => {
    const g = options.weight_decay > 0 ? add(gradient, mul(scalars.weight_decay!, parameter)) : gradient;
    if (options.momentum === 0)
      return { parameter: sub(parameter, mul(scalars.learning_rate!, g)), slots: {} };
    const buffer = add(mul(scalars.momentum!, slots.momentum_buffer!), g);
    const direction = options.nesterov ? add(g, mul(scalars.momentum!, buffer)) : buffer;
    return {
      parameter: sub(parameter, mul(scalars.learning_rate!, direction)),
      slots: { momentum_buffer: buffer },
    };
  },
});
