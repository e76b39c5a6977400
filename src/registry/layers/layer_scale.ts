import { Type } from '../schema.js';
import { constantParameter, defineLayer, layerFields, OWN_NAME } from './layer.js';

/** y = x · s, a trained factor of each channel (Touvron et al. 2021). Its tensor has the name of the layer. */
export const layerScale = defineLayer({
  schema: Type.Object(
    {
      ...layerFields(
        'layer_scale',
        'A trained factor of each channel; its parameter has the name of the layer.',
      ),
      init: Type.Optional(Type.Number({ default: 1e-6, description: 'What the factors start at.' })),
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => {
    const shape = input.length === 3 ? [input[0], 1, 1] : [input[0]];
    return {
      output: input,
      tensors: [constantParameter(OWN_NAME, shape, options.init)],
      macs: 0,
      mask: null,
    };
  },
  forward: (tf, _options, { tensor }, x) => tf.mul(x, tf.reshape(tensor(OWN_NAME), [-1])),
});
