import { elements } from '../../shape.js';
import { Type } from '../schema.js';
import { defineLayer, layerFields, OptionError } from './layer.js';
import { scaleAndShift, scaleAndShiftFields, scaleAndShiftTensors } from './scale_and_shift.js';
import { standardize } from './standardize.js';

/** Normalizes each group of channels of each image by itself (Wu & He 2018), as torch.nn.GroupNorm. */
export const groupNorm = defineLayer({
  schema: Type.Object(
    {
      ...layerFields('group_norm', 'Group normalization, as torch.nn.GroupNorm.'),
      groups: Type.Integer({ minimum: 1, description: 'Equal parts of the channels.' }),
      eps: Type.Optional(
        Type.Number({ exclusiveMinimum: 0, default: 1e-5, description: 'Added to the variance.' }),
      ),
      ...scaleAndShiftFields,
    },
    { additionalProperties: false },
  ),
  plan: (options, input) => {
    if (input[0] % options.groups !== 0) {
      throw new OptionError('groups', `a divisor of its ${input[0]} channels`, String(options.groups));
    }
    const tensors = [...scaleAndShiftTensors(options, [input[0]])];
    return { output: input, tensors, macs: 0, mask: null };
  },
  forward: (tf, options, { input, tensor }, x) => {
    const { groups, eps } = options;
    const isMap = input.length === 3;
    // Channels first, those of a group lie together.
    const first = isMap ? tf.transpose(x, [0, 3, 1, 2]) : x;
    const parts = tf.reshape(first, [-1, groups, elements(input) / groups]);
    const whole = tf.reshape(standardize(tf, parts, 2, eps), [-1, ...input]);
    return scaleAndShift(tf, options, { tensor }, isMap ? tf.transpose(whole, [0, 2, 3, 1]) : whole);
  },
});
