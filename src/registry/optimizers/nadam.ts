import { Type } from '../schema.js';
import { ADAM_SLOTS, adamFields } from './adam.js';
import { defineOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

/** μ_t = β₁(1 − ½ · 0.96^(tψ)) */
const momentumAt = (beta1: number, decay: number, step: number) => beta1 * (1 - 0.5 * 0.96 ** (step * decay));

/** μ₁ · μ₂ … μ_t. Below 1e-20, 1 − product is 1 to the bit: what follows changes nothing. */
function momentumProduct(beta1: number, decay: number, step: number): number {
  let product = 1;
  for (let t = 1; t <= step && product > 1e-20; t++) product *= momentumAt(beta1, decay, t);
  return product;
}

/** Adam with Nesterov's momentum (Dozat 2016), as torch.optim.NAdam; weight_decay is an L2 penalty in the gradient. */
export const nadam = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('nadam', { description: "Adam with Nesterov's momentum, as torch.optim.NAdam." }),
      ...adamFields,
      learning_rate: learningRateOf(0.002),
      momentum_decay: Type.Optional(
        Type.Number({ minimum: 0, default: 0.004, description: 'How fast the momentum grows to beta1.' }),
      ),
      weight_decay: weightDecayField('L2 penalty: weight_decay · parameter is added to the gradient.', 0),
    },
    { additionalProperties: false },
  ),
  slots: () => ADAM_SLOTS,
  scalars: ({ beta1, beta2, epsilon, momentum_decay, weight_decay }, learningRate, step) => {
    const product = momentumProduct(beta1, momentum_decay, step);
    const next = momentumAt(beta1, momentum_decay, step + 1);
    return {
      beta1,
      one_minus_beta1: 1 - beta1,
      beta2,
      one_minus_beta2: 1 - beta2,
      epsilon,
      sqrt_bias_correction2: Math.sqrt(1 - beta2 ** step),
      gradient_size: (learningRate * (1 - momentumAt(beta1, momentum_decay, step))) / (1 - product),
      mean_size: (learningRate * next) / (1 - product * next),
      weight_decay,
    };
  },
  update: (options, { add, sub, mul, div, sqrt }, { parameter, gradient, slots, scalars }) => {
    const g = options.weight_decay > 0 ? add(gradient, mul(scalars.weight_decay!, parameter)) : gradient;
    const mean = add(mul(scalars.beta1!, slots.exp_avg!), mul(scalars.one_minus_beta1!, g));
    const square = add(mul(scalars.beta2!, slots.exp_avg_sq!), mul(scalars.one_minus_beta2!, mul(g, g)));
    const denominator = add(div(sqrt(square), scalars.sqrt_bias_correction2!), scalars.epsilon!);
    const direction = add(mul(scalars.gradient_size!, g), mul(scalars.mean_size!, mean));
    return {
      parameter: sub(parameter, div(direction, denominator)),
      slots: { exp_avg: mean, exp_avg_sq: square },
    };
  },
});
