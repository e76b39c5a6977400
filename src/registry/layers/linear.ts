import { integerOr, Type } from '../schema.js';
import { activate, activationField } from './activation.js';
import { defineLayer, flatFeatures, layerFields } from './layer.js';

/** y = activation(x · weightᵀ + bias), as torch.nn.Linear. */
export const linear = defineLayer({
  schema: Type.Object(
    {
      ...layerFields('linear', 'Fully connected layer, as torch.nn.Linear.'),
      units: integerOr(['num_classes'], 1, {
        description: 'Number of outputs; num_classes stands for the number of classes of the data set.',
      }),
      bias: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether a value is added to each output.' }),
      ),
      activation: Type.Optional(activationField),
    },
    { additionalProperties: false },
  ),
  plan: (options, input, sizes) => {
    const features = flatFeatures(input);
    const units = options.units === 'num_classes' ? sizes.numClasses : options.units;
    const bound = 1 / Math.sqrt(features);
    const weight = { name: 'weight', shape: [units, features], bound };
    return {
      output: [units],
      parameters: options.bias ? [weight, { name: 'bias', shape: [units], bound }] : [weight],
      macs: units * features,
      keep: null,
    };
  },
  forward: (tf, options, { parameter }, x) => {
    const y = tf.matMul(x, parameter('weight'), false, true);
    return activate(tf, options.activation, options.bias ? tf.add(y, parameter('bias')) : y);
  },
});
