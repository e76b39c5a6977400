import { Type } from '../schema.js';
import { ADAM_SLOTS, adamFields, adamScalars } from './adam.js';
import { defineTensorOptimizer, weightDecayField } from './optimizer.js';

/**
 * LAMB (You et al. 2019) as timm has it: u = m̂ / (√v̂ + ε) + λp; p ← p − lr · ‖p‖ / ‖u‖ · u, with the ratio 1 where a norm is 0,
 * and for parameters without weight decay. timm's max_grad_norm is no part of the rule here.
 */
export const lamb = defineTensorOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('lamb', {
        description: "LAMB: Adam's step, in each parameter as long as its norm asks, as timm's Lamb.",
      }),
      ...adamFields,
      epsilon: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1e-6, description: 'Added to the denominator.' }),
      ),
      weight_decay: weightDecayField(
        'weight_decay · parameter is added to the step, before its norm is taken; without it, the norms do not count.',
        0.01,
      ),
    },
    { additionalProperties: false },
  ),
  slots: () => ADAM_SLOTS,
  scalars: (options, learningRate, step) => ({
    ...adamScalars(options, learningRate, step),
    bias_correction1: 1 - options.beta1 ** step,
    learning_rate: learningRate,
  }),
  updateTensor: (options, math, { parameter, gradient, slots, scalars }) => {
    const { add, sub, mul, div, sqrt, sign, norm } = math;
    const mean = add(mul(scalars.beta1!, slots.exp_avg!), mul(scalars.one_minus_beta1!, gradient));
    const square = add(
      mul(scalars.beta2!, slots.exp_avg_sq!),
      mul(scalars.one_minus_beta2!, mul(gradient, gradient)),
    );
    const denominator = add(div(sqrt(square), scalars.sqrt_bias_correction2!), scalars.epsilon!);
    const adam = div(div(mean, scalars.bias_correction1!), denominator);
    const next = { exp_avg: mean, exp_avg_sq: square };
    if (options.weight_decay === 0)
      return { parameter: sub(parameter, mul(scalars.learning_rate!, adam)), slots: next };
    const direction = add(adam, mul(scalars.weight_decay!, parameter));
    const [weightNorm, stepNorm] = [norm(parameter), norm(direction)];
    // 1 where both norms are above 0, else 0.
    const both = mul(sign(weightNorm), sign(stepNorm));
    const missing = sub(math.constant(1), both);
    const ratio = add(div(mul(both, weightNorm), add(stepNorm, missing)), missing);
    return {
      parameter: sub(parameter, mul(mul(scalars.learning_rate!, ratio), direction)),
      slots: next,
    };
  },
});
