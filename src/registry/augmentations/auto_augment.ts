import { oneOf, Type } from '../schema.js';
import { defineAugmentation, recordDraws } from './augmentation.js';
import { fillField, interpolationField } from './fields.js';
import { magnitudeOf, OPERATIONS, USUAL } from './operations.js';
import { POLICIES } from './policies.js';

const BINS = 10;

/** A pair of operations that were learnt for a data set: AutoAugment, Cubuk et al. 2018, as torchvision's AutoAugment. */
export const auto_augment = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('auto_augment', {
        description: 'Do a pair of operations drawn from a learnt policy (AutoAugment).',
      }),
      policy: Type.Optional(
        oneOf(['cifar10', 'imagenet'], {
          default: 'imagenet',
          description: 'The data set that the policy was learnt on.',
        }),
      ),
      interpolation: interpolationField,
      fill: fillField(null),
    },
    { additionalProperties: false },
  ),
  prepare:
    ({ policy, interpolation, fill }, image, stream) =>
    (images, offset, record) => {
      const draws = recordDraws(stream, record, 5);
      const pairs = POLICIES[policy];
      for (const [i, [operation, probability, bin]] of pairs[draws.integer(0, pairs.length)]!.entries()) {
        if (draws.uniform(1 + 2 * i) >= probability) continue;
        const strength = { bins: BINS, bin, negative: draws.uniform(2 + 2 * i) < 0.5 };
        const magnitude = magnitudeOf(operation, USUAL, strength, image);
        OPERATIONS[operation]({ images, offset, size: image, interpolation, fill }, magnitude);
      }
    },
});
