import { Type } from '../schema.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/**
 * Stochastic depth (Huang et al. 2016), at the end of a residual branch: in training, drops all of an image with
 * probability `rate` and scales the others by 1/(1 − rate), as torchvision.ops.StochasticDepth in mode "row".
 */
export const dropPath = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'drop_path',
        'Stochastic depth of a residual branch, as torchvision.ops.StochasticDepth (row); no effect outside of training.',
      ),
      rate: Type.Number({
        minimum: 0,
        exclusiveMaximum: 1,
        description: 'Probability of dropping an image, from 0 to below 1.',
      }),
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => ({
    output: input,
    tensors: [],
    macs: 0,
    mask: options.rate === 0 ? null : { shape: [], keepProbability: 1 - options.rate },
  }),
  forward: (tf, options, { mask, input }, x) => {
    if (!mask) return x;
    const kept = tf.reshape(tf.cast(mask, 'float32'), [-1, ...input.map(() => 1)]);
    return tf.mul(x, tf.div(kept, 1 - options.rate));
  },
});
