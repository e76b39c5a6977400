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
  prepare: ({ probability }, { channels, height, width }, stream) => {
    const rows = channels * height;
    return (images, offset, record) => {
      if (stream.uniform(record) >= probability) return;
      for (let row = 0; row < rows; row++) {
        let left = offset + row * width;
        let right = left + width - 1;
        for (; left < right; left++, right--) {
          const pixel = images[left]!;
          images[left] = images[right]!;
          images[right] = pixel;
        }
      }
    };
  },
});
