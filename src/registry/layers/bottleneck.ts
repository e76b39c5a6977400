import { Type } from '../schema.js';
import { defineComposite } from './container.js';
import { unnamedLayerFields } from './layer.js';
import { projection, residualFields } from './resnet.js';

/** Output channels for each of `filters`. */
const EXPANSION = 4;

/**
 * 1×1, 3×3 and 1×1 convolution and a shortcut (He et al. 2015), as torchvision.models.resnet.Bottleneck: the stride is in
 * the 3×3 convolution. In groups, the block of ResNeXt.
 */
export const bottleneck = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'bottleneck',
        'Block of ResNet-50 and deeper, as torchvision has it: conv1, bn1, … conv3, bn3, downsample where shapes differ.',
      ),
      filters: Type.Integer({ minimum: 1, description: 'A quarter of the output channels.' }),
      groups: Type.Optional(
        Type.Integer({ minimum: 1, default: 1, description: 'Groups of the 3×3 convolution; ResNeXt: 32.' }),
      ),
      width_per_group: Type.Optional(
        Type.Integer({
          minimum: 1,
          default: 64,
          description:
            'The 3×3 convolution has filters × this / 64 channels a group; ResNeXt: 4, wide ResNet: 128.',
        }),
      ),
      ...residualFields,
    },
    { additionalProperties: false },
  ),
  expand: ({ filters, groups, width_per_group, stride, zero_init }, input) => {
    const width = Math.floor((filters * width_per_group) / 64) * groups;
    return [
      {
        type: 'residual',
        layers: [
          { type: 'conv', name: 'conv1', filters: width, kernel: 1, bias: false },
          { type: 'batch_norm', name: 'bn1' },
          { type: 'relu' },
          { type: 'conv', name: 'conv2', filters: width, kernel: 3, stride, padding: 1, groups, bias: false },
          { type: 'batch_norm', name: 'bn2' },
          { type: 'relu' },
          { type: 'conv', name: 'conv3', filters: EXPANSION * filters, kernel: 1, bias: false },
          { type: 'batch_norm', name: 'bn3', init: zero_init ? 0 : 1 },
        ],
        shortcut: projection(EXPANSION * filters, stride, input),
        activation: 'relu',
      },
    ];
  },
});
