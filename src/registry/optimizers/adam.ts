import { Type } from '../schema.js';
import type { Arithmetic } from './arithmetic.js';
import {
  defineOptimizer,
  learningRateOf,
  type UpdateInputs,
  type UpdateOutputs,
  weightDecayField,
} from './optimizer.js';

const beta = (value: number, description: string) =>
  Type.Optional(Type.Number({ minimum: 0, exclusiveMaximum: 1, default: value, description }));

/** The fields that Adam and AdamW share. */
export const adamFields = {
  learning_rate: learningRateOf(0.001),
  beta1: beta(0.9, 'Decay of the running mean of the gradient, from 0 to below 1.'),
  beta2: beta(0.999, "Decay of the running mean of the gradient's square, from 0 to below 1."),
  epsilon: Type.Optional(
    Type.Number({ exclusiveMinimum: 0, default: 1e-8, description: 'Added to the denominator.' }),
  ),
};

interface AdamOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weight_decay: number;
}

export const ADAM_SLOTS = ['exp_avg', 'exp_avg_sq'] as const;

export function adamScalars(options: AdamOptions, learningRate: number, step: number) {
  return {
    beta1: options.beta1,
    one_minus_beta1: 1 - options.beta1,
    beta2: options.beta2,
    one_minus_beta2: 1 - options.beta2,
    epsilon: options.epsilon,
    step_size: learningRate / (1 - options.beta1 ** step),
    sqrt_bias_correction2: Math.sqrt(1 - options.beta2 ** step),
    weight_decay: options.weight_decay,
    decay_factor: 1 - learningRate * options.weight_decay,
  };
}

/**
 * Kingma & Ba 2014, algorithm 1, in the form that torch.optim computes it:
 * m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; p ← p − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
 */
export function adamUpdate<T>(
  math: Arithmetic<T>,
  { parameter, gradient, slots, scalars }: UpdateInputs<T>,
): UpdateOutputs<T> {
  const { add, sub, mul, div, sqrt } = math;
  const mean = add(mul(scalars.beta1!, slots.exp_avg!), mul(scalars.one_minus_beta1!, gradient));
  const square = add(
    mul(scalars.beta2!, slots.exp_avg_sq!),
    mul(scalars.one_minus_beta2!, mul(gradient, gradient)),
  );
  const denominator = add(div(sqrt(square), scalars.sqrt_bias_correction2!), scalars.epsilon!);
  return {
    parameter: sub(parameter, mul(scalars.step_size!, div(mean, denominator))),
    slots: { exp_avg: mean, exp_avg_sq: square },
  };
}

/** Adam; weight_decay is an L2 penalty in the gradient, as torch.optim.Adam. */
export const adam = defineOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('adam', { description: 'Adam, as torch.optim.Adam.' }),
      ...adamFields,
      weight_decay: weightDecayField('L2 penalty: weight_decay · parameter is added to the gradient.', 0),
    },
    { additionalProperties: false },
  ),
  slots: () => ADAM_SLOTS,
  scalars: adamScalars,
  update: (options, math, inputs) => {
    if (options.weight_decay === 0) return adamUpdate(math, inputs);
    const penalty = math.mul(inputs.scalars.weight_decay!, inputs.parameter);
    return adamUpdate(math, { ...inputs, gradient: math.add(inputs.gradient, penalty) });
  },
});
