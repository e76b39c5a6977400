import { integerOr, Type } from '../schema.js';
import { activate, activationField } from './activation.js';
import { defineLayer, flatFeatures, layerFields, uniformParameter } from './layer.js';

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
    const weight = uniformParameter('weight', [units, features], bound);
    return {
      output: [units],
      tensors: options.bias ? [weight, uniformParameter('bias', [units], bound)] : [weight],
      macs: units * features,
      mask: null,
    };
  },
  forward: (tf, options, { tensor }, x) => {
    const y = tf.matMul(x, tensor('weight'), false, true);
    return activate(tf, options.activation, options.bias ? tf.add(y, tensor('bias')) : y);
  },
});
