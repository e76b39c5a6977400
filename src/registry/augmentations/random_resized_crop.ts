import { roundHalfEven } from '../../pixels/planes.js';
import { type Box, resizedCrop } from '../../pixels/resized_crop.js';
import type { ImageSize } from '../datasets/facts.js';
import { Type } from '../schema.js';
import { type Draws, defineAugmentation, recordDraws } from './augmentation.js';
import { range, rangeField, unordered } from './fields.js';

const TRIES = 10;

/** Cuts out a part of random area and shape and resizes it to the whole, as torchvision's RandomResizedCrop (bilinear, antialiased). */
export const random_resized_crop = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_resized_crop', {
        description: 'Cut out a part of random area and shape, and resize it to the size of the image.',
      }),
      scale: rangeField(
        { exclusiveMinimum: 0, maximum: 1 },
        { default: [0.08, 1], description: "Least and largest share of the image's area." },
      ),
      ratio: rangeField(
        { exclusiveMinimum: 0 },
        {
          default: [0.75, 1.3333333333333333],
          description: 'Least and largest width by height; drawn evenly by its logarithm.',
        },
      ),
    },
    { additionalProperties: false },
  ),
  problems: ({ scale, ratio }) => [...unordered('scale', scale), ...unordered('ratio', ratio)],
  prepare:
    ({ scale, ratio }, image, stream) =>
    (images, offset, record) => {
      const draws = recordDraws(stream, record, 4 * TRIES);
      resizedCrop(images, offset, image, cropBox(range(scale), range(ratio), image, draws));
    },
});

/** Ten tries for a box within the image, else the largest central one of an allowed shape. */
export function cropBox(
  scale: readonly [number, number],
  ratio: readonly [number, number],
  image: Pick<ImageSize, 'height' | 'width'>,
  draws: Draws,
): Box {
  for (let at = 0; at < 4 * TRIES; at += 4) {
    const area = image.height * image.width * draws.between(at, ...scale);
    const shape = Math.exp(draws.between(at + 1, Math.log(ratio[0]), Math.log(ratio[1])));
    const width = roundHalfEven(Math.sqrt(area * shape));
    const height = roundHalfEven(Math.sqrt(area / shape));
    if (width > 0 && width <= image.width && height > 0 && height <= image.height) {
      const top = draws.integer(at + 2, image.height - height + 1);
      return { top, left: draws.integer(at + 3, image.width - width + 1), height, width };
    }
  }
  const shape = image.width / image.height;
  const width = shape > ratio[1] ? roundHalfEven(image.height * ratio[1]) : image.width;
  const height = shape < ratio[0] ? roundHalfEven(image.width / ratio[0]) : image.height;
  const [top, left] = [Math.floor((image.height - height) / 2), Math.floor((image.width - width) / 2)];
  return { top, left, height, width };
}
