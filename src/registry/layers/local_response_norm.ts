import type { Tensor } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';
import { defineLayer, featureMap, unnamedLayerFields } from './layer.js';

const positive = (byDefault: number, description: string) =>
  Type.Optional(Type.Number({ exclusiveMinimum: 0, default: byDefault, description }));

/**
 * y = x · (k + alpha/size · Σ x²)^−beta, the sum over `size` neighbouring channels (Krizhevsky et al. 2012), as
 * torch.nn.LocalResponseNorm and Caffe have it. The paper does not divide alpha by size.
 */
export const localResponseNorm = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'local_response_norm',
        'Local response normalization, as torch.nn.LocalResponseNorm: alpha is divided by size.',
      ),
      size: Type.Integer({
        minimum: 1,
        description: 'Neighbouring channels that are summed, its own among them.',
      }),
      alpha: positive(1e-4, 'Factor of the mean of their squares.'),
      beta: positive(0.75, 'Exponent.'),
      k: positive(1, 'Added to it.'),
    },
    { additionalProperties: false },
  ),
  plan: (_options, input) => {
    featureMap(input);
    return { output: input, tensors: [], macs: 0, mask: null };
  },
  forward: (tf, { size, alpha, beta, k }, _context, x) => {
    const before = Math.floor(size / 2);
    const [factor, after] = [alpha / size, size - 1 - before];
    return tf.customGrad((...inputs) => {
      const [given, save] = inputs as unknown as [Tensor, (kept: Tensor[]) => void];
      const sum = tf.add(tf.mul(neighbours(tf, tf.square(given), before, after), factor), k);
      const shrink = tf.exp(tf.mul(tf.log(sum), -beta));
      const y = tf.mul(given, shrink);
      save([given, y, sum, shrink]);
      return {
        value: y,
        // A channel counts in the sums of those that it is a neighbour of: the window turned round.
        gradFunc: (dy: Tensor, saved: Tensor[]) => {
          const [input, output, base, power] = saved as [Tensor, Tensor, Tensor, Tensor];
          const share = neighbours(tf, tf.div(tf.mul(dy, output), base), after, before);
          return tf.sub(tf.mul(dy, power), tf.mul(tf.mul(input, share), 2 * factor * beta));
        },
      };
    })(x);
  },
});

/** Of each channel, its own value plus those of the channels up to `before` before it and `after` behind it. */
function neighbours(tf: Tf, x: Tensor, before: number, after: number): Tensor {
  const none: [number, number] = [0, 0];
  const padded = tf.pad(x, [none, none, none, [before, after]]);
  const shifted = Array.from({ length: before + after + 1 }, (_, at) =>
    tf.slice(padded, [0, 0, 0, at], x.shape as [number, number, number, number]),
  );
  return shifted.reduce((sum, part) => tf.add(sum, part));
}
