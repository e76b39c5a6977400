import type { Tensor4D } from '@tensorflow/tfjs';
import { elements } from '../../shape.js';
import { integerOr, Type } from '../schema.js';
import { activate, activationField } from './activation.js';
import { initializationField } from './initialization.js';
import { defineLayer, layerFields, uniformParameter } from './layer.js';

/** y = activation(x · weightᵀ + bias), as torch.nn.Linear; of a feature map, for each pixel over its channels. */
export const linear = defineLayer({
  schema: Type.Object(
    {
      ...layerFields(
        'linear',
        'Fully connected layer, as torch.nn.Linear; of a feature map, for each pixel over its channels.',
      ),
      units: integerOr(['num_classes'], 1, {
        description: 'Number of outputs; num_classes stands for the number of classes of the data set.',
      }),
      bias: Type.Optional(
        Type.Boolean({ default: true, description: 'Whether a value is added to each output.' }),
      ),
      activation: Type.Optional(activationField),
      init: initializationField,
    },
    { additionalProperties: false },
  ),
  plan: (options, input, sizes) => {
    const [features] = input;
    const units = options.units === 'num_classes' ? sizes.numClasses : options.units;
    const bound = 1 / Math.sqrt(features);
    const weight = uniformParameter('weight', [units, features], bound);
    return {
      output: input.length === 1 ? [units] : [units, input[1], input[2]],
      tensors: options.bias ? [weight, uniformParameter('bias', [units], bound)] : [weight],
      macs: units * elements(input),
      mask: null,
    };
  },
  forward: (tf, options, { tensor }, x) => {
    if (x.rank === 4) {
      // A 1×1 convolution reads the map as it lies.
      const weight = tensor('weight');
      const y = tf.fused.conv2d({
        x: x as Tensor4D,
        filter: tf.transpose(
          tf.reshape(weight, [weight.shape[0]!, weight.shape[1]!, 1, 1]),
          [2, 3, 1, 0],
        ) as Tensor4D,
        strides: 1,
        pad: 'valid',
        ...(options.bias && { bias: tensor('bias') }),
      });
      return activate(tf, options.activation, y);
    }
    const y = tf.matMul(x, tensor('weight'), false, true);
    return activate(tf, options.activation, options.bias ? tf.add(y, tensor('bias')) : y);
  },
});
