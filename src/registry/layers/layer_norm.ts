import { elements } from '../../shape.js';
import { oneOf, Type } from '../schema.js';
import { defineLayer, layerFields } from './layer.js';
import { scaleAndShift, scaleAndShiftFields, scaleAndShiftTensors } from './scale_and_shift.js';
import { standardize } from './standardize.js';

/**
 * Normalizes each image by itself (Ba et al. 2016), as torch.nn.LayerNorm: over the channels of each pixel, which is what
 * torchvision calls LayerNorm2d, or over all features at once.
 */
export const layerNorm = defineLayer({
  schema: Type.Object(
    {
      ...layerFields('layer_norm', 'Layer normalization, as torch.nn.LayerNorm.'),
      over: Type.Optional(
        oneOf(['channels', 'all'], {
          default: 'channels',
          description:
            'channels: of each pixel by itself, as torchvision.ops.misc.LayerNorm2d; all: over the whole feature map.',
        }),
      ),
      eps: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1e-5, description: 'Added to the variance.' }),
      ),
      ...scaleAndShiftFields,
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => ({
    output: input,
    tensors: [...scaleAndShiftTensors(options, options.over === 'all' ? input : [input[0]])],
    macs: 0,
    mask: null,
  }),
  forward: (tf, options, { input, tensor }, x) => {
    if (options.over === 'channels' || input.length === 1) {
      return scaleAndShift(tf, options, { tensor }, standardize(tf, x, x.rank - 1, options.eps));
    }
    // In PyTorch's order, in which the scales are: [batch, channels × height × width].
    const flat = tf.reshape(tf.transpose(x, [0, 3, 1, 2]), [-1, elements(input)]);
    const line = { tensor: (name: string) => tf.reshape(tensor(name), [-1]) };
    const normalized = scaleAndShift(tf, options, line, standardize(tf, flat, 1, options.eps));
    return tf.transpose(tf.reshape(normalized, [-1, ...input]), [0, 2, 3, 1]);
  },
});
