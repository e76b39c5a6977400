import { Type } from '../schema.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/**
 * In training, zeroes elements, or whole channels, with probability `rate` and scales the others by 1/(1 − rate), as
 * torch.nn.Dropout and Dropout2d.
 */
export const dropout = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'dropout',
        'Dropout, as torch.nn.Dropout and Dropout2d; no effect outside of training.',
      ),
      rate: Type.Number({
        minimum: 0,
        exclusiveMaximum: 1,
        description: 'Probability of zeroing an element, from 0 to below 1.',
      }),
      channels: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether a channel is dropped as a whole, as torch.nn.Dropout2d does.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => ({
    output: input,
    tensors: [],
    macs: 0,
    mask: {
      shape: options.channels && input.length === 3 ? [input[0], 1, 1] : input,
      keepProbability: 1 - options.rate,
    },
  }),
  forward: (tf, options, { mask, input }, x) => {
    if (!mask) return x;
    const kept = tf.cast(input.length === 3 ? tf.transpose(mask, [0, 2, 3, 1]) : mask, 'float32');
    return tf.mul(x, tf.div(kept, 1 - options.rate));
  },
});
