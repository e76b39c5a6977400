import { Type } from '../schema.js';
import { defineComposite, type WrittenLayer } from './container.js';
import { unnamedLayerFields } from './layer.js';
import { normFields } from './norm_fields.js';

const channels = (description: string) => Type.Integer({ minimum: 1, description });

/**
 * The inception module with batch norm, as torchvision.models.googlenet.Inception, whose names and quirk it has: the
 * branch that is 5×5 in the paper is 3×3.
 */
export const inceptionBn = defineComposite({
  schema: Type.Object(
    {
      ...unnamedLayerFields(
        'inception_bn',
        "Inception module with batch norm and the names of torchvision's GoogLeNet: branch1.conv, branch1.bn, branch2.0.conv …",
      ),
      conv1x1: channels('Output channels of branch1.'),
      conv3x3_reduce: channels('Channels of the 1×1 reduction in branch2.'),
      conv3x3: channels('Output channels of branch2.'),
      conv5x5_reduce: channels('Channels of the 1×1 reduction in branch3.'),
      conv5x5: channels('Output channels of branch3.'),
      convpool: channels('Channels of the 1×1 projection behind the pooling in branch4.'),
      conv5x5_kernel: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 5,
          default: 3,
          description: "Window of branch3: torchvision's is 3, the paper's 5.",
        }),
      ),
      ...normFields,
    },
    { additionalProperties: false },
  ),
  expand: (options) => {
    const unit = (name: string, filters: number, kernel: number): WrittenLayer => ({
      ...{ type: 'conv_norm_activation', name, filters, kernel, names: ['conv', 'bn'] },
      ...{ eps: options.eps, momentum: options.momentum },
    });
    return [
      {
        type: 'branches',
        branches: [
          { layers: [unit('branch1', options.conv1x1, 1)] },
          {
            name: 'branch2',
            layers: [unit('0', options.conv3x3_reduce, 1), unit('1', options.conv3x3, 3)],
          },
          {
            name: 'branch3',
            layers: [
              unit('0', options.conv5x5_reduce, 1),
              unit('1', options.conv5x5, options.conv5x5_kernel),
            ],
          },
          {
            name: 'branch4',
            layers: [
              { type: 'max_pool', kernel: 3, stride: 1, padding: 1, ceil_mode: true },
              unit('1', options.convpool, 1),
            ],
          },
        ],
      },
    ];
  },
});
