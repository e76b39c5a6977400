import { Type } from '../schema.js';
import { defineComposite } from './container.js';
import { unnamedLayerFields } from './layer.js';

/** Depthwise 7×7, layer norm and two layers per pixel (Liu et al. 2022), as torchvision.models.convnext.CNBlock. */
export const convnextBlock = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'convnext_block',
        'Block of ConvNeXt, as torchvision has it: layer_scale, block.0, block.2, block.3, block.5.',
      ),
      layer_scale: Type.Optional(
        Type.Number({ default: 1e-6, description: 'What the factors of its channels start at.' }),
      ),
      drop_path: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0,
          description: 'Probability of dropping the block in training.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  expand: ({ layer_scale, drop_path }, [channels]) => [
    {
      type: 'residual',
      layers: [
        {
          type: 'sequential',
          name: 'block',
          layers: [
            { type: 'conv', name: '0', filters: channels, kernel: 7, padding: 3, groups: channels },
            { type: 'layer_norm', name: '2', eps: 1e-6 },
            { type: 'linear', name: '3', units: 4 * channels, activation: 'gelu' },
            { type: 'linear', name: '5', units: channels },
          ],
        },
        { type: 'layer_scale', name: 'layer_scale', init: layer_scale },
        { type: 'drop_path', rate: drop_path },
      ],
    },
  ],
});
