import { Type } from '../schema.js';
import { defineComposite, type WrittenLayer } from './container.js';
import { unnamedLayerFields } from './layer.js';

const channels = (description: string) => Type.Integer({ minimum: 1, description });
const reduction = (description: string) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], { default: null, description }));

/** Four branches, concatenated; all convolutions with ReLU and "same" padding. */
export const inception = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'inception',
        'Inception module (Szegedy et al. 2014, figure 2): four branches side by side.',
      ),
      conv1x1: channels('Output channels of the 1×1 branch.'),
      conv3x3_reduce: reduction(
        'Channels of the 1×1 reduction before the 3×3 convolution; null for none (naive module).',
      ),
      conv3x3: channels('Output channels of the 3×3 branch.'),
      conv5x5_reduce: reduction(
        'Channels of the 1×1 reduction before the 5×5 convolution; null for none (naive module).',
      ),
      conv5x5: channels('Output channels of the 5×5 branch.'),
      convpool: reduction(
        'Channels of the 1×1 projection after the pooling branch; null passes all channels on (naive module).',
      ),
    },
    { additionalProperties: false },
  ),
  expand: (options) => [
    {
      type: 'branches',
      branches: [
        { layers: conv('conv1x1', 1, options.conv1x1) },
        {
          layers: [
            ...conv('conv3x3_reduce', 1, options.conv3x3_reduce),
            ...conv('conv3x3', 3, options.conv3x3),
          ],
        },
        {
          layers: [
            ...conv('conv5x5_reduce', 1, options.conv5x5_reduce),
            ...conv('conv5x5', 5, options.conv5x5),
          ],
        },
        {
          layers: [
            { type: 'max_pool', name: 'pool', kernel: 3, stride: 1, padding: 1 },
            ...conv('convpool', 1, options.convpool),
          ],
        },
      ],
    },
  ],
});

function conv(name: string, kernel: number, filters: number | null): WrittenLayer[] {
  if (filters === null) return [];
  return [{ type: 'conv', name, filters, kernel, padding: (kernel - 1) / 2, activation: 'relu' }];
}
