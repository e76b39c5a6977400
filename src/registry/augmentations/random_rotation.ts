import { rotate } from '../../pixels/rotate.js';
import { Type } from '../schema.js';
import { defineAugmentation, recordDraws } from './augmentation.js';
import { fillField, interpolationField } from './fields.js';

/** Turns an image around its centre, as torchvision's RandomRotation(degrees). */
export const random_rotation = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_rotation', { description: 'Turn around the centre.' }),
      degrees: Type.Number({
        exclusiveMinimum: 0,
        maximum: 180,
        description: 'The angle is drawn from −degrees to degrees.',
      }),
      interpolation: interpolationField,
      fill: fillField(0),
    },
    { additionalProperties: false },
  ),
  prepare:
    ({ degrees, interpolation, fill }, image, stream) =>
    (images, offset, record) => {
      const angle = recordDraws(stream, record, 1).between(0, -degrees, degrees);
      rotate(images, offset, image, angle, interpolation, fill);
    },
});
