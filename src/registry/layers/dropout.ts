import { Type } from '../schema.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/** In training, zeroes elements with probability `rate` and scales the others by 1/(1 − rate), as torch.nn.Dropout. */
export const dropout = defineLayer({
  schema: Type.Object(
    {
      ...unnamedLayerFields('dropout', 'Dropout, as torch.nn.Dropout; no effect outside of training.'),
      rate: Type.Number({
        minimum: 0,
        exclusiveMaximum: 1,
        description: 'Probability of zeroing an element, from 0 to below 1.',
      }),
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => ({
    output: input,
    tensors: [],
    macs: 0,
    mask: { shape: input, keepProbability: 1 - options.rate },
  }),
  forward: (tf, options, { mask, input }, x) => {
    if (!mask) return x;
    const kept = tf.cast(input.length === 3 ? tf.transpose(mask, [0, 2, 3, 1]) : mask, 'float32');
    return tf.mul(x, tf.div(kept, 1 - options.rate));
  },
});
