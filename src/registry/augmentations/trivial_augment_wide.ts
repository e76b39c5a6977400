import { Type } from '../schema.js';
import { defineAugmentation, recordDraws } from './augmentation.js';
import { fillField, interpolationField } from './fields.js';
import { DRAWN, magnitudeOf, OPERATIONS, WIDE } from './operations.js';

/** One operation of random strength: TrivialAugment, Müller and Hutter 2021, as torchvision's TrivialAugmentWide. */
export const trivial_augment_wide = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('trivial_augment_wide', {
        description: 'Do one operation drawn from fourteen, of random strength (TrivialAugment).',
      }),
      num_magnitude_bins: Type.Optional(
        Type.Integer({ minimum: 2, maximum: 101, default: 31, description: 'How many strengths there are.' }),
      ),
      interpolation: interpolationField,
      fill: fillField(null),
    },
    { additionalProperties: false },
  ),
  prepare:
    ({ num_magnitude_bins: bins, interpolation, fill }, image, stream) =>
    (images, offset, record) => {
      const draws = recordDraws(stream, record, 3);
      const operation = DRAWN[draws.integer(0, DRAWN.length)]!;
      const strength = { bins, bin: draws.integer(1, bins), negative: draws.uniform(2) < 0.5 };
      const magnitude = magnitudeOf(operation, WIDE, strength, image);
      OPERATIONS[operation]({ images, offset, size: image, interpolation, fill }, magnitude);
    },
});
