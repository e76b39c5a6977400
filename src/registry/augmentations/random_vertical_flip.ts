import { flipVertically } from '../../pixels/flip.js';
import { Type } from '../schema.js';
import { defineAugmentation } from './augmentation.js';
import { probabilityField } from './fields.js';

/** Mirrors an image top to bottom with some probability, as torchvision's RandomVerticalFlip. */
export const random_vertical_flip = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_vertical_flip', { description: 'Mirror top to bottom, at random.' }),
      probability: probabilityField(0.5),
    },
    { additionalProperties: false },
  ),
  prepare:
    ({ probability }, image, stream) =>
    (images, offset, record) => {
      if (stream.uniform(record) < probability) flipVertically(images, offset, image);
    },
});
