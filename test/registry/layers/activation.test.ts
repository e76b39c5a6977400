import { describe, expect, it } from 'vitest';
import { type ActivationFunction, activationFunctions } from '../../../src/registry/layers/activation.js';
import { layerSuite } from '../../helpers/layer_suite.js';
import { convolution } from '../../helpers/naive.js';
import type { Plain } from '../../helpers/plain.js';

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);

/** The error function by its series, which converges everywhere. */
function erf(x: number): number {
  let [term, sum] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= -(x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** Each by its definition, and as torch has it. */
const functions: Record<ActivationFunction, [(x: number) => number, string]> = {
  relu: [(x) => Math.max(x, 0), 'ReLU()'],
  relu6: [(x) => clamp(x, 0, 6), 'ReLU6()'],
  leaky_relu: [(x) => (x > 0 ? x : x / 100), 'LeakyReLU()'],
  elu: [(x) => (x > 0 ? x : Math.expm1(x)), 'ELU()'],
  gelu: [(x) => (x * (1 + erf(x / Math.SQRT2))) / 2, 'GELU()'],
  gelu_tanh: [
    (x) => (x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))) / 2,
    "GELU(approximate='tanh')",
  ],
  silu: [(x) => x * sigmoid(x), 'SiLU()'],
  mish: [(x) => x * Math.tanh(Math.log1p(Math.exp(x))), 'Mish()'],
  hard_swish: [(x) => (x * clamp(x + 3, 0, 6)) / 6, 'Hardswish()'],
  hard_sigmoid: [(x) => clamp(x + 3, 0, 6) / 6, 'Hardsigmoid()'],
  sigmoid: [sigmoid, 'Sigmoid()'],
  tanh: [Math.tanh, 'Tanh()'],
};

const mapped = ({ shape, values }: Plain, f: (x: number) => number): Plain => ({
  shape,
  values: Float64Array.from(values, f),
});

it('every function has a case here', () => {
  expect(Object.keys(functions).toSorted()).toEqual(activationFunctions.toSorted());
});

describe('activation', () => {
  layerSuite(
    activationFunctions.map((name) => {
      const [f, torch] = functions[name];
      return {
        name,
        options: { type: 'activation', function: name },
        shape: [2, 3, 4],
        naive: (x) => mapped(x, f),
        torch: `torch.nn.${torch}`,
      };
    }),
  );
});

describe('as an option', () => {
  layerSuite([
    {
      name: 'of a convolution',
      options: { type: 'conv', filters: 2, kernel: 2, activation: 'silu' },
      shape: [2, 3, 4],
      naive: (x, { weight, bias }) => {
        const window = { kernel: [2, 2], stride: [1, 1], padding: [0, 0] } as const;
        return mapped(convolution(x, weight!, bias!, window), functions.silu[0]);
      },
      torch: `type('C', (torch.nn.Conv2d,), {'forward': lambda s, x: torch.nn.functional.silu(
        torch.nn.Conv2d.forward(s, x))})(2, 2, 2)`,
    },
  ]);
});
