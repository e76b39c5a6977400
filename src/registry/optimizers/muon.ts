import { Type } from '../schema.js';
import { ADAM_SLOTS, adamFields, adamScalars, adamUpdate } from './adam.js';
import type { TensorArithmetic } from './arithmetic.js';
import { defineTensorOptimizer, learningRateOf, weightDecayField } from './optimizer.js';

/** Coefficients of the Newton–Schulz iteration; Keller Jordan's, chosen for a steep slope at 0. */
const NEWTON_SCHULZ = [3.4445, -4.775, 2.0315] as const;

/**
 * Muon (Keller Jordan 2024): momentum, whose matrix is made nearly orthogonal by Newton–Schulz steps, times √max(1, rows / columns).
 * Kernels of convolutions are matrices [out, the rest]. Biases and norms, and whatever else has one axis, take AdamW's step at a
 * rate of their own, which follows the schedule as well. The iteration is in float32, where Jordan's is in bfloat16.
 */
export const muon = defineTensorOptimizer({
  schema: Type.Object(
    {
      type: Type.Literal('muon', {
        description:
          "Momentum made orthogonal, matrix by matrix, as Keller Jordan's Muon; AdamW for all else.",
      }),
      learning_rate: learningRateOf(0.02),
      momentum: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.95,
          description: 'Decay of the running mean of the gradient of matrices.',
        }),
      ),
      nesterov: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether that mean is looked at one step ahead.' }),
      ),
      ns_steps: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 20, default: 5, description: 'Newton–Schulz steps.' }),
      ),
      adamw_learning_rate: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          default: 0.0003,
          description: "Learning rate of what is not a matrix, before the schedule's factor.",
        }),
      ),
      beta1: adamFields.beta1,
      beta2: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0.95,
          description: "Decay of the running mean of the gradient's square, of what is not a matrix.",
        }),
      ),
      epsilon: Type.Optional(
        Type.Number({
          exclusiveMinimum: 0,
          default: 1e-10,
          description: "Added to AdamW's denominator, of what is not a matrix.",
        }),
      ),
      weight_decay: weightDecayField('Parameters shrink by learning rate · weight_decay each step.', 0),
    },
    { additionalProperties: false },
  ),
  slots: () => ADAM_SLOTS,
  scalars: (options, learningRate, step) => {
    const ofRest = (learningRate / options.learning_rate) * options.adamw_learning_rate;
    return {
      ...adamScalars(options, ofRest, step),
      learning_rate: learningRate,
      matrix_decay_factor: 1 - learningRate * options.weight_decay,
      momentum: options.momentum,
      one_minus_momentum: 1 - options.momentum,
    };
  },
  updateTensor: (options, math, inputs) => {
    const { parameter, gradient, slots, scalars } = inputs;
    const { add, sub, mul } = math;
    const shape = math.shape(parameter);
    if (shape.length < 2)
      return adamUpdate(math, { ...inputs, parameter: mul(scalars.decay_factor!, parameter) });
    const ahead = (mean: typeof gradient) =>
      add(mul(scalars.one_minus_momentum!, gradient), mul(scalars.momentum!, mean));
    const mean = ahead(slots.exp_avg!);
    const rows = shape[0]!;
    const columns = shape.slice(1).reduce((product, size) => product * size, 1);
    const matrix = math.reshape(options.nesterov ? ahead(mean) : mean, [rows, columns]);
    const orthogonal = orthogonalized(math, matrix, options.ns_steps);
    const direction = math.reshape(orthogonal, shape);
    const rate = mul(scalars.learning_rate!, math.constant(Math.sqrt(Math.max(1, rows / columns))));
    return {
      parameter: sub(mul(scalars.matrix_decay_factor!, parameter), mul(rate, direction)),
      slots: { exp_avg: mean, exp_avg_sq: slots.exp_avg_sq! },
    };
  },
});

/** X ← aX + (bA + cA²)X with A = XXᵀ, from X / ‖X‖: singular values come near to 1. The shorter side is multiplied by itself. */
function orthogonalized<T>(math: TensorArithmetic<T>, matrix: T, steps: number): T {
  const { add, mul, div, matMul, constant } = math;
  const [rows, columns] = math.shape(matrix) as [number, number];
  const tall = rows > columns;
  const [a, b, c] = NEWTON_SCHULZ.map(constant) as [T, T, T];
  let x = div(matrix, add(math.norm(matrix), constant(1e-7)));
  for (let step = 0; step < steps; step++) {
    // Of a tall matrix X stands for Xᵀ, so that nothing is transposed: A = XᵀX, and Xᵀ's next is X(bA + cA²) + aX.
    const square = matMul(x, x, tall, !tall);
    const factor = add(mul(b, square), mul(c, matMul(square, square, false, false)));
    const product = tall ? matMul(x, factor, false, false) : matMul(factor, x, false, false);
    x = add(mul(a, x), product);
  }
  return x;
}
