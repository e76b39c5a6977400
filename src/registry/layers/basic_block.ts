import { Type } from '../schema.js';
import { defineComposite } from './container.js';
import { unnamedLayerFields } from './layer.js';
import { projection, residualFields } from './resnet.js';

/** Two 3×3 convolutions and a shortcut (He et al. 2015), as torchvision.models.resnet.BasicBlock. */
export const basicBlock = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'basic_block',
        'Block of ResNet-18 and 34, as torchvision has it: conv1, bn1, conv2, bn2, downsample where shapes differ.',
      ),
      filters: Type.Integer({ minimum: 1, description: 'Output channels.' }),
      ...residualFields,
    },
    { additionalProperties: false },
  ),
  expand: ({ filters, stride, zero_init }, input) => [
    {
      type: 'residual',
      layers: [
        { type: 'conv', name: 'conv1', filters, kernel: 3, stride, padding: 1, bias: false },
        { type: 'batch_norm', name: 'bn1' },
        { type: 'relu' },
        { type: 'conv', name: 'conv2', filters, kernel: 3, padding: 1, bias: false },
        { type: 'batch_norm', name: 'bn2', init: zero_init ? 0 : 1 },
      ],
      shortcut: projection(filters, stride, input),
      activation: 'relu',
    },
  ],
});
