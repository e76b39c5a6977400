import { mirrored } from '../../pixels/blur.js';
import { copyOf } from '../../pixels/planes.js';
import { oneOf, Type } from '../schema.js';
import { defineAugmentation } from './augmentation.js';

/** Pads an image on every side and cuts its size out at random, as torchvision's RandomCrop(size, padding, padding_mode). */
export const random_crop = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_crop', {
        description: 'Pad, then crop to the same size at random.',
      }),
      padding: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 64,
          default: 4,
          description: 'Pixels added on each side: the image moves by at most this many.',
        }),
      ),
      padding_mode: Type.Optional(
        oneOf(['constant', 'reflect'], {
          default: 'constant',
          description: 'What is added: black, or the image mirrored at its border.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  problems: ({ padding, padding_mode }, { height, width }) => {
    const most = Math.min(height, width) - 1;
    if (padding_mode !== 'reflect' || padding <= most) return [];
    const expected = `at most ${most}, one less than the image's shorter side, to reflect`;
    return [{ key: 'padding', expected, actual: String(padding) }];
  },
  prepare: ({ padding, padding_mode }, { channels, height, width }, stream) => {
    const plane = height * width;
    return (images, offset, record) => {
      // The crop's origin relative to the image: two draws for each record.
      const top = stream.integer(2 * record, 2 * padding + 1) - padding;
      const left = stream.integer(2 * record + 1, 2 * padding + 1) - padding;
      // Columns of the image that stay in sight, and where they land.
      const from = Math.max(0, left);
      const length = Math.max(0, width - Math.abs(left));
      const to = Math.max(0, -left);
      for (let start = offset; start < offset + channels * plane; start += plane) {
        const source = copyOf(images, start, plane);
        if (padding_mode === 'reflect') {
          for (let y = 0; y < height; y++) {
            const row = mirrored(y + top, height) * width;
            for (let x = 0; x < width; x++)
              images[start + y * width + x] = source[row + mirrored(x + left, width)]!;
          }
          continue;
        }
        images.fill(0, start, start + plane);
        for (let y = Math.max(0, -top); y < Math.min(height, height - top); y++) {
          const row = (y + top) * width + from;
          images.set(source.subarray(row, row + length), start + y * width + to);
        }
      }
    };
  },
});
