import { Type } from '../schema.js';
import { defineComposite, type WrittenLayer } from './container.js';
import { unnamedLayerFields } from './layer.js';

/**
 * Layers that each read all that is before them, and add `growth_rate` channels to it (Huang et al. 2016), as
 * torchvision.models.densenet._DenseBlock.
 */
export const denseBlock = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields('dense_block', 'Block of DenseNet: denselayer1, denselayer2 …'),
      layers: Type.Integer({ minimum: 1, maximum: 1000, description: 'How many.' }),
      growth_rate: Type.Optional(
        Type.Integer({ minimum: 1, default: 32, description: 'Channels that each of them adds.' }),
      ),
      bottleneck: Type.Optional(
        Type.Integer({
          minimum: 1,
          default: 4,
          description: 'Channels between its two convolutions for each that it adds.',
        }),
      ),
      dropout: Type.Optional(
        Type.Number({
          minimum: 0,
          exclusiveMaximum: 1,
          default: 0,
          description: 'Probability of zeroing an element of what it adds, in training.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  expand: ({ layers, growth_rate, bottleneck, dropout }) =>
    Array.from({ length: layers }, (_, index): WrittenLayer => {
      const added: WrittenLayer[] = [
        { type: 'batch_norm', name: 'norm1' },
        { type: 'relu' },
        { type: 'conv', name: 'conv1', filters: bottleneck * growth_rate, kernel: 1, bias: false },
        { type: 'batch_norm', name: 'norm2' },
        { type: 'relu' },
        { type: 'conv', name: 'conv2', filters: growth_rate, kernel: 3, padding: 1, bias: false },
        ...(dropout === 0 ? [] : [{ type: 'dropout', rate: dropout }]),
      ];
      const name = `denselayer${index + 1}`;
      return { type: 'branches', name, branches: [{ layers: [] }, { layers: added }] };
    }),
});
