import { Type } from '../schema.js';
import { defineAugmentation } from './augmentation.js';

/** Pads an image with black on every side and cuts its size out at random, as torchvision's RandomCrop(size, padding). */
export const random_crop = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_crop', {
        description: 'Pad with black, then crop to the same size at random.',
      }),
      padding: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 64,
          default: 4,
          description: 'Black pixels added on each side: the image moves by at most this many.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  prepare: ({ padding }, { channels, height, width }, stream) => {
    const plane = new Uint8Array(height * width);
    return (images, offset, record) => {
      // The crop's origin relative to the image: two draws for each record.
      const top = stream.integer(2 * record, 2 * padding + 1) - padding;
      const left = stream.integer(2 * record + 1, 2 * padding + 1) - padding;
      // Columns of the image that stay in sight, and where they land.
      const from = Math.max(0, left);
      const length = Math.max(0, width - Math.abs(left));
      const to = Math.max(0, -left);
      for (let channel = 0; channel < channels; channel++) {
        const start = offset + channel * height * width;
        plane.set(images.subarray(start, start + plane.length));
        images.fill(0, start, start + plane.length);
        for (let y = Math.max(0, -top); y < Math.min(height, height - top); y++) {
          const row = (y + top) * width + from;
          images.set(plane.subarray(row, row + length), start + y * width + to);
        }
      }
    };
  },
});
