import type { Tensor } from '@tensorflow/tfjs';
import { oneOf, type Tf } from '../schema.js';

type Activate = (tf: Tf, x: Tensor) => Tensor;

/**
 * A function of one value whose gradient is written out, as that of its composition would take more passes.
 * @param value y, and what `slope` needs of the way to it
 * @param slope dy/dx
 */
function differentiable(
  value: (tf: Tf, x: Tensor) => readonly [y: Tensor, ...kept: Tensor[]],
  slope: (tf: Tf, x: Tensor, y: Tensor, kept: readonly Tensor[]) => Tensor,
): Activate {
  return (tf, x) =>
    tf.customGrad((...inputs) => {
      const [given, save] = inputs as unknown as [Tensor, (kept: Tensor[]) => void];
      const [y, ...kept] = value(tf, given);
      save([given, y, ...kept]);
      return {
        value: y,
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [input, output, ...more] = saved as [Tensor, Tensor, ...Tensor[]];
          return tf.mul(dy, slope(tf, input, output, more));
        },
      };
    })(x);
}

/** 1 where low < x < high, else 0: where PyTorch lets a gradient through a clamp. */
const inside = (tf: Tf, x: Tensor, low: number, high: number) =>
  tf.mul(tf.step(tf.sub(x, low)), tf.step(tf.sub(high, x)));

/** min(max(x/6 + 1/2, 0), 1) */
const hardGate = (tf: Tf, x: Tensor) => tf.clipByValue(tf.add(tf.mul(x, 1 / 6), 0.5), 0, 1);

/** exp(x) − 1 below 0, and 0 above, up to the 1. */
const expBelow = (tf: Tf, x: Tensor) => tf.exp(tf.minimum(x, 0));

/** √(2/π) and the factor of x³ in the approximation of GELU (Hendrycks & Gimpel 2016). */
const [GELU_SCALE, GELU_CUBE] = [Math.sqrt(2 / Math.PI), 0.044715];

/** Of leaky_relu, below 0: torch.nn.LeakyReLU's default. */
const LEAK = 0.01;

const functions = {
  relu: (tf, x) => tf.relu(x),
  relu6: differentiable(
    (tf, x) => [tf.clipByValue(x, 0, 6)],
    (tf, x) => inside(tf, x, 0, 6),
  ),
  leaky_relu: differentiable(
    (tf, x) => [tf.maximum(x, tf.mul(x, LEAK))],
    (tf, x) => tf.step(x, LEAK),
  ),
  elu: differentiable(
    (tf, x) => {
      const below = expBelow(tf, x);
      return [tf.add(tf.relu(x), tf.sub(below, 1)), below];
    },
    (_tf, _x, _y, [below]) => below!,
  ),
  gelu: differentiable(
    (tf, x) => {
      const share = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      return [tf.mul(x, share), share];
    },
    (tf, x, _y, [share]) => {
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return tf.add(share!, tf.mul(x, density));
    },
  ),
  gelu_tanh: differentiable(
    (tf, x) => {
      const inner = tf.mul(tf.mul(x, tf.add(tf.mul(tf.square(x), GELU_CUBE), 1)), GELU_SCALE);
      const tanh = tf.tanh(inner);
      return [tf.mul(tf.mul(x, 0.5), tf.add(tanh, 1)), tanh];
    },
    (tf, x, _y, [tanh]) => {
      const inner = tf.mul(tf.add(tf.mul(tf.square(x), 3 * GELU_CUBE), 1), GELU_SCALE);
      const change = tf.mul(tf.mul(x, inner), tf.sub(1, tf.square(tanh!)));
      return tf.mul(tf.add(tf.add(tanh!, 1), change), 0.5);
    },
  ),
  silu: differentiable(
    (tf, x) => {
      const gate = tf.sigmoid(x);
      return [tf.mul(x, gate), gate];
    },
    (tf, _x, y, [gate]) => tf.add(gate!, tf.mul(y, tf.sub(1, gate!))),
  ),
  mish: differentiable(
    (tf, x) => {
      // tanh(log(1 + e)) = (e² + 2e) / (e² + 2e + 2); beyond 20 it is 1.
      const e = tf.exp(tf.minimum(x, 20));
      const n = tf.mul(e, tf.add(e, 2));
      const gate = tf.div(n, tf.add(n, 2));
      return [tf.mul(x, gate), gate];
    },
    (tf, x, _y, [gate]) => tf.add(gate!, tf.mul(tf.mul(x, tf.sigmoid(x)), tf.sub(1, tf.square(gate!)))),
  ),
  hard_swish: differentiable(
    (tf, x) => [tf.mul(x, hardGate(tf, x))],
    // (2x + 3)/6 between −3 and 3, 0 below, 1 above.
    (tf, x) => tf.add(hardGate(tf, x), tf.mul(tf.mul(x, 1 / 6), inside(tf, x, -3, 3))),
  ),
  hard_sigmoid: differentiable(
    (tf, x) => [hardGate(tf, x)],
    (tf, x) => tf.mul(inside(tf, x, -3, 3), 1 / 6),
  ),
  sigmoid: (tf, x) => tf.sigmoid(x),
  tanh: (tf, x) => tf.tanh(x),
} satisfies Record<string, Activate>;

export type ActivationFunction = keyof typeof functions;
export type Activation = 'none' | ActivationFunction;

/** Every function, by the name that a config gives it. */
export const activationFunctions = Object.keys(functions) as ActivationFunction[];

const MEANING =
  'relu = max(x, 0); relu6 = min(relu, 6); leaky_relu: 0.01x below 0; elu: exp(x) − 1 below 0; gelu = x·Φ(x), gelu_tanh ' +
  'its approximation; silu = x·sigmoid(x); mish = x·tanh(softplus(x)); hard_sigmoid = relu6(x + 3)/6; ' +
  'hard_swish = x·hard_sigmoid(x); sigmoid; tanh; all as in torch.nn.';

/** The function of a layer that does nothing else. */
export const functionField = oneOf<ActivationFunction>(activationFunctions, { description: MEANING });

export const activationField = activationOption('none');

/** What a layer does with its output at the end. */
export function activationOption(byDefault: Activation) {
  return oneOf<Activation>(['none', ...activationFunctions], {
    default: byDefault,
    description: `Function applied to the output. ${MEANING}`,
  });
}

export function activate(tf: Tf, activation: Activation, x: Tensor): Tensor {
  return activation === 'none' ? x : functions[activation](tf, x);
}
