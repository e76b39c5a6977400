import { flipHorizontally } from '../../pixels/flip.js';
import { Type } from '../schema.js';
import { defineAugmentation } from './augmentation.js';

/** Mirrors an image left to right with some probability, as torchvision's RandomHorizontalFlip. */
export const random_flip = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_flip', { description: 'Mirror left to right, at random.' }),
      probability: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: 1,
          default: 0.5,
          description: 'How often an image is mirrored, from 0 (never) to 1 (always).',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  prepare:
    ({ probability }, image, stream) =>
    (images, offset, record) => {
      if (stream.uniform(record) < probability) flipHorizontally(images, offset, image);
    },
});
