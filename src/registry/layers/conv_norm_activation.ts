import { integerOr, nullable, pair, sizeOrPair, Type } from '../schema.js';
import { activationOption } from './activation.js';
import { defineComposite } from './container.js';
import { LAYER_NAME, unnamedLayerFields } from './layer.js';
import { normFields } from './norm_fields.js';

/** Convolution without bias, batch norm, activation, as torchvision.ops.Conv2dNormActivation: their names are 0 and 1. */
export const convNormActivation = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'conv_norm_activation',
        'Convolution without bias, batch norm, activation, as torchvision.ops.Conv2dNormActivation.',
      ),
      filters: Type.Integer({ minimum: 1, description: 'Number of output channels.' }),
      kernel: Type.Optional(sizeOrPair(1, { default: 3, description: 'Window in pixels.' })),
      stride: Type.Optional(sizeOrPair(1, { default: 1, description: 'Step of the window in pixels.' })),
      padding: Type.Optional(
        nullable(
          sizeOrPair(0, {
            description: 'Zeros on each side; null: half of what the window reaches beyond a pixel.',
          }),
          { default: null },
        ),
      ),
      dilation: Type.Optional(
        sizeOrPair(1, { default: 1, description: 'Distance of the pixels that a window reads.' }),
      ),
      groups: Type.Optional(
        integerOr(['channels'], 1, {
          default: 1,
          description: 'Groups of the convolution; channels: each input channel by itself.',
        }),
      ),
      activation: Type.Optional(activationOption('relu')),
      ...normFields,
      names: Type.Optional(
        Type.Array(Type.String({ pattern: LAYER_NAME }), {
          minItems: 2,
          maxItems: 2,
          default: ['0', '1'],
          description: 'What convolution and batch norm are called.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  expand: (options, [channels]) => {
    const [kernel, dilation] = [pair(options.kernel), pair(options.dilation)];
    const half = ([0, 1] as const).map((axis) => Math.floor((kernel[axis] - 1) / 2) * dilation[axis]);
    return [
      {
        type: 'conv',
        name: options.names[0],
        filters: options.filters,
        kernel,
        stride: options.stride,
        padding: options.padding ?? half,
        dilation,
        groups: options.groups === 'channels' ? channels : options.groups,
        bias: false,
      },
      { type: 'batch_norm', name: options.names[1], eps: options.eps, momentum: options.momentum },
      ...(options.activation === 'none' ? [] : [{ type: 'activation', function: options.activation }]),
    ];
  },
});
