import { Type } from '../schema.js';
import { defineLayer, featureMap, unnamedLayerFields } from './layer.js';

/** The mean of each channel over height and width; the output is flat: [channels]. */
export const globalAvgPool = defineLayer({
  schema: Type.Object(
    unnamedLayerFields('global_avg_pool', 'Mean over height and width; its output is flat.'),
    {
      additionalProperties: false,
    },
  ),
  plan: (_options, input) => ({ output: [featureMap(input)[0]], tensors: [], macs: 0, mask: null }),
  forward: (tf, _options, _context, x) => tf.mean(x, [1, 2]),
});
