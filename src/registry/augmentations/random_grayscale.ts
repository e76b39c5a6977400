import { toGrey } from '../../pixels/colors.js';
import { Type } from '../schema.js';
import { defineAugmentation } from './augmentation.js';
import { probabilityField, withoutColor } from './fields.js';

/** Takes the colours away with some probability, as torchvision's RandomGrayscale: three equal channels. */
export const random_grayscale = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_grayscale', { description: 'Take the colours away, at random.' }),
      probability: probabilityField(0.1),
    },
    { additionalProperties: false },
  ),
  problems: (_options, image) => withoutColor('', image),
  prepare:
    ({ probability }, image, stream) =>
    (images, offset, record) => {
      if (stream.uniform(record) < probability) toGrey(images, offset, image);
    },
});
