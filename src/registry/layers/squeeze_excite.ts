import { Type } from '../schema.js';
import { activationOption } from './activation.js';
import { defineComposite } from './container.js';
import { unnamedLayerFields } from './layer.js';

/**
 * Multiplies each channel by a gate that sees the mean of all (Hu et al. 2017), as torchvision.ops.SqueezeExcitation:
 * x · gate(fc2(activation(fc1(mean(x))))), with 1×1 convolutions fc1 and fc2.
 */
export const squeezeExcite = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'squeeze_excite',
        'Channels weighed by what their means say, as torchvision.ops.SqueezeExcitation: 1×1 convolutions fc1, fc2.',
      ),
      channels: Type.Integer({ minimum: 1, description: 'Output channels of fc1, the squeeze.' }),
      activation: Type.Optional(activationOption('relu')),
      gate: Type.Optional(activationOption('sigmoid')),
    },
    { additionalProperties: false },
  ),
  expand: ({ channels, activation, gate }, input) => [
    {
      type: 'branches',
      merge: 'multiply',
      branches: [
        { layers: [] },
        {
          layers: [
            { type: 'adaptive_avg_pool', name: 'avgpool', size: 1 },
            { type: 'conv', name: 'fc1', filters: channels, kernel: 1, activation },
            { type: 'conv', name: 'fc2', filters: input[0], kernel: 1, activation: gate },
          ],
        },
      ],
    },
  ],
});
