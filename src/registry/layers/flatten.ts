import { elements } from '../../shape.js';
import { Type } from '../schema.js';
import { defineLayer, unnamedLayerFields } from './layer.js';

/** Flattens in PyTorch's order (channels, height, width), so that a linear layer's weights can move between both. */
export const flatten = defineLayer({
  schema: Type.Object(
    unnamedLayerFields('flatten', 'Feature map to flat features, in the order channels, height, width.'),
    {
      additionalProperties: false,
    },
  ),
  plan: (_options, input) => ({
    output: [elements(input)],
    tensors: [],
    macs: 0,
    mask: null,
  }),
  forward: (tf, _options, { input }, x) => {
    if (input.length === 1) return x;
    return tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [x.shape[0]!, input[0] * input[1] * input[2]]);
  },
});
