import { Type } from '../schema.js';
import { defineOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

/** Adagrad (Duchi et al. 2011), as torch.optim.Adagrad: s ← s + g²; p ← p − lr / (1 + (t−1)η) · g / (√s + ε). */
export const adagrad = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('adagrad', { description: 'Adagrad, as torch.optim.Adagrad.' }),
      learning_rate: learningRateOf(0.01),
      lr_decay: Type.Optional(
        Type.Number({
          minimum: 0,
          default: 0,
          description: 'The learning rate is divided by 1 + lr_decay · the steps before.',
        }),
      ),
      initial_accumulator: Type.Optional(
        Type.Number({ minimum: 0, default: 0, description: 'What the sum of squares starts at.' }),
      ),
      epsilon: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1e-10, description: 'Added to the denominator.' }),
      ),
      weight_decay: weightDecayField('L2 penalty: weight_decay · parameter is added to the gradient.', 0),
    },
    { additionalProperties: false },
  ),
  slots: () => ['sum'],
  initial: ({ initial_accumulator }) => initial_accumulator,
  scalars: ({ lr_decay, epsilon, weight_decay }, learningRate, step) => ({
    learning_rate: learningRate / (1 + (step - 1) * lr_decay),
    epsilon,
    weight_decay,
  }),
  update: (options, { add, sub, mul, div, sqrt }, { parameter, gradient, slots, scalars }) => {
    const g = options.weight_decay > 0 ? add(gradient, mul(scalars.weight_decay!, parameter)) : gradient;
    const sum = add(slots.sum!, mul(g, g));
    const step = mul(scalars.learning_rate!, div(g, add(sqrt(sum), scalars.epsilon!)));
    return { parameter: sub(parameter, step), slots: { sum } };
  },
});
