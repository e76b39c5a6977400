import type { Tensor4D } from '@tensorflow/tfjs';
import { Type } from '../schema.js';
import { defineLayer, featureMap, unnamedLayerFields } from './layer.js';

/** The largest value of each channel; the output is flat: [channels]. Of several, the first gets the gradient. */
export const globalMaxPool = defineLayer({
  schema: Type.Object(
    unnamedLayerFields('global_max_pool', 'Maximum over height and width; its output is flat.'),
    { additionalProperties: false },
  ),
  plan: (_options, input) => ({ output: [featureMap(input)[0]], tensors: [], macs: 0, mask: null }),
  forward: (tf, _options, { input }, x) => {
    const [channels, ...size] = featureMap(input);
    return tf.reshape(tf.maxPool(x as Tensor4D, size as [number, number], 1, 'valid'), [-1, channels]);
  },
});
