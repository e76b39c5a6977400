import { Type } from '../schema.js';
import type { WrittenLayer } from './container.js';
import type { Shape } from './layer.js';

/** Options of ResNet's blocks. */
export const residualFields = {
  stride: Type.Optional(
    Type.Integer({ minimum: 1, default: 1, description: 'Step of its 3×3 convolution.' }),
  ),
  zero_init: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Whether the last batch norm starts at 0, so that the block starts as its shortcut.',
    }),
  ),
};

/** The shortcut of a block: the input as it is, or a 1×1 convolution where shapes differ. */
export function projection(filters: number, stride: number, [channels]: Shape): WrittenLayer[] {
  if (stride === 1 && channels === filters) return [];
  return [
    {
      type: 'sequential',
      name: 'downsample',
      layers: [
        { type: 'conv', name: '0', filters, kernel: 1, stride, bias: false },
        { type: 'batch_norm', name: '1' },
      ],
    },
  ];
}
