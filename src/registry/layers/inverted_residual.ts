import { Type } from '../schema.js';
import { activationOption } from './activation.js';
import { defineComposite, type WrittenLayer } from './container.js';
import { unnamedLayerFields } from './layer.js';
import { normFields } from './norm_fields.js';

/**
 * Expansion, depthwise 3×3 convolution and linear projection, with a shortcut where shapes agree (Sandler et al. 2018), as
 * torchvision.models.mobilenetv2.InvertedResidual.
 */
export const invertedResidual = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'inverted_residual',
        'Block of MobileNetV2, as torchvision has it: conv.0.0, conv.0.1 … (mb_conv is that of MobileNetV3 and EfficientNet).',
      ),
      filters: Type.Integer({ minimum: 1, description: 'Output channels.' }),
      expansion: Type.Number({
        exclusiveMinimum: 0,
        description: 'Channels inside for each input channel; 1: no expansion.',
      }),
      stride: Type.Optional(
        Type.Integer({ minimum: 1, default: 1, description: 'Step of the depthwise convolution.' }),
      ),
      activation: Type.Optional(activationOption('relu6')),
      ...normFields,
    },
    { additionalProperties: false },
  ),
  expand: ({ filters, expansion, stride, activation, eps, momentum }, [channels]) => {
    const hidden = Math.round(channels * expansion);
    const norm = { eps, momentum };
    const unit = (options: object): WrittenLayer => ({
      ...{ type: 'conv_norm_activation', filters: hidden, activation },
      ...norm,
      ...options,
    });
    const units = [
      ...(expansion === 1 ? [] : [unit({ name: '0', kernel: 1 })]),
      unit({ name: expansion === 1 ? '0' : '1', stride, groups: 'channels' }),
    ];
    const layers: WrittenLayer[] = [
      {
        type: 'sequential',
        name: 'conv',
        layers: [
          ...units,
          { type: 'conv', name: `${units.length}`, filters, kernel: 1, bias: false },
          { type: 'batch_norm', name: `${units.length + 1}`, ...norm },
        ],
      },
    ];
    return stride === 1 && channels === filters ? [{ type: 'residual', layers }] : layers;
  },
});
