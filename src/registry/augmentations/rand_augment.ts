import type { ImageSize } from '../datasets/facts.js';
import { Type } from '../schema.js';
import { type Draws, defineAugmentation, recordDraws } from './augmentation.js';
import { fillField, interpolationField } from './fields.js';
import { DRAWN, magnitudeOf, OPERATIONS, USUAL } from './operations.js';

/** Some operations, one after the other, all of one strength: RandAugment, Cubuk et al. 2019, as torchvision's RandAugment. */
export const rand_augment = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('rand_augment', {
        description: 'Do operations drawn from fourteen, all of one strength (RandAugment).',
      }),
      num_ops: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 10, default: 2, description: 'Operations an image.' }),
      ),
      magnitude: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 100,
          default: 9,
          description: "Their strength: a bin, from 0. timm's magnitudes are others.",
        }),
      ),
      num_magnitude_bins: Type.Optional(
        Type.Integer({
          minimum: 2,
          maximum: 101,
          default: 31,
          description: 'How many bins there are, up to the strongest.',
        }),
      ),
      interpolation: interpolationField,
      fill: fillField(null),
    },
    { additionalProperties: false },
  ),
  problems: ({ magnitude, num_magnitude_bins }) =>
    magnitude < num_magnitude_bins
      ? []
      : [
          {
            key: 'magnitude',
            expected: `less than num_magnitude_bins, ${num_magnitude_bins}`,
            actual: String(magnitude),
          },
        ],
  prepare: (options, image, stream) => (images, offset, record) => {
    const { num_ops, interpolation, fill } = options;
    for (const [operation, magnitude] of drawnOperations(
      options,
      image,
      recordDraws(stream, record, 2 * num_ops),
    ))
      OPERATIONS[operation]({ images, offset, size: image, interpolation, fill }, magnitude);
  },
});

/** Operations of one record with their magnitudes. */
export function drawnOperations(
  {
    num_ops,
    magnitude: bin,
    num_magnitude_bins: bins,
  }: { num_ops: number; magnitude: number; num_magnitude_bins: number },
  image: ImageSize,
  draws: Draws,
) {
  return Array.from({ length: num_ops }, (_, i) => {
    const operation = DRAWN[draws.integer(2 * i, DRAWN.length)]!;
    const negative = draws.uniform(2 * i + 1) < 0.5;
    return [operation, magnitudeOf(operation, USUAL, { bins, bin, negative }, image)] as const;
  });
}
