import { oneOf, Type } from '../schema.js';
import { defineOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

/**
 * RMSprop (Hinton 2012): s ← αs + (1−α)g². As torch.optim.RMSprop: b ← μb + g / (√s + ε); p ← p − lr·b. As TensorFlow, and
 * timm's RMSpropTF, have it: s starts at 1; b ← μb + lr · g / √(s + ε); p ← p − b.
 */
export const rmsprop = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('rmsprop', { description: "RMSprop, as torch.optim.RMSprop or as TensorFlow's." }),
      learning_rate: learningRateOf(0.01),
      variant: Type.Optional(
        oneOf(['torch', 'tensorflow'], {
          default: 'torch',
          description:
            'tensorflow: epsilon inside the root, the running mean starts at 1, and the learning rate is part of the momentum.',
        }),
      ),
      alpha: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.99,
          description: "Decay of the running mean of the gradient's square, from 0 to below 1.",
        }),
      ),
      epsilon: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1e-8, description: 'Added to the denominator.' }),
      ),
      momentum: Type.Optional(
        Type.Number({ minimum: 0, maximum: 1, default: 0, description: 'Momentum factor, from 0 to 1.' }),
      ),
      weight_decay: weightDecayField('L2 penalty: weight_decay · parameter is added to the gradient.', 0),
    },
    { additionalProperties: false },
  ),
  slots: ({ momentum }) => (momentum > 0 ? ['square_avg', 'momentum_buffer'] : ['square_avg']),
  initial: ({ variant }, slot) => (slot === 'square_avg' && variant === 'tensorflow' ? 1 : 0),
  scalars: ({ alpha, epsilon, momentum, weight_decay }, learningRate) => ({
    learning_rate: learningRate,
    alpha,
    one_minus_alpha: 1 - alpha,
    epsilon,
    momentum,
    weight_decay,
  }),
  update: (options, { add, sub, mul, div, sqrt }, { parameter, gradient, slots, scalars }) => {
    const isTorch = options.variant === 'torch';
    const { learning_rate: rate, epsilon } = scalars;
    const g = options.weight_decay > 0 ? add(gradient, mul(scalars.weight_decay!, parameter)) : gradient;
    const square = add(mul(scalars.alpha!, slots.square_avg!), mul(scalars.one_minus_alpha!, mul(g, g)));
    const root = isTorch ? add(sqrt(square), epsilon!) : sqrt(add(square, epsilon!));
    const scaled = div(g, root);
    if (options.momentum === 0)
      return { parameter: sub(parameter, mul(rate!, scaled)), slots: { square_avg: square } };
    const kept = mul(scalars.momentum!, slots.momentum_buffer!);
    const buffer = add(kept, isTorch ? scaled : mul(rate!, scaled));
    return {
      parameter: sub(parameter, isTorch ? mul(rate!, buffer) : buffer),
      slots: { square_avg: square, momentum_buffer: buffer },
    };
  },
});
