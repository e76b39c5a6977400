import { Type } from '../schema.js';
import { defineComposite } from './container.js';
import { unnamedLayerFields } from './layer.js';

const channels = (description: string) => Type.Integer({ minimum: 1, description });

/** A 1×1 squeeze, then 1×1 and 3×3 side by side (Iandola et al. 2016), as torchvision.models.squeezenet.Fire. */
export const fire = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'fire',
        'Module of SqueezeNet: squeeze, then expand1x1 and expand3x3 side by side.',
      ),
      squeeze: channels('Channels of the 1×1 squeeze.'),
      expand1x1: channels('Output channels of the 1×1 branch.'),
      expand3x3: channels('Output channels of the 3×3 branch.'),
    },
    { additionalProperties: false },
  ),
  expand: ({ squeeze, expand1x1, expand3x3 }) => {
    const conv = (name: string, filters: number, kernel: number) => ({
      ...{ type: 'conv', name, filters, kernel },
      ...{ padding: (kernel - 1) / 2, activation: 'relu' },
    });
    return [
      conv('squeeze', squeeze, 1),
      {
        type: 'branches',
        branches: [
          { layers: [conv('expand1x1', expand1x1, 1)] },
          { layers: [conv('expand3x3', expand3x3, 3)] },
        ],
      },
    ];
  },
});
