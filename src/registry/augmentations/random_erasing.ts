import { roundHalfEven } from '../../pixels/planes.js';
import type { Box } from '../../pixels/resized_crop.js';
import type { ImageSize } from '../datasets/facts.js';
import { integerOr, Type } from '../schema.js';
import { type Draws, defineAugmentation, recordDraws } from './augmentation.js';
import { probabilityField, range, rangeField, unordered } from './fields.js';

const TRIES = 10;

/**
 * Fills a box of random place and shape, as torchvision's RandomErasing: its zeros after normalizing are `value: mean` here, to
 * the nearest pixel value.
 */
export const random_erasing = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_erasing', { description: 'Fill a box of random place and shape.' }),
      probability: probabilityField(0.5),
      scale: rangeField(
        { exclusiveMinimum: 0, maximum: 1 },
        { default: [0.02, 0.33], description: "Least and largest share of the image's area." },
      ),
      ratio: rangeField(
        { exclusiveMinimum: 0 },
        {
          default: [0.3, 3.3],
          description: 'Least and largest height by width; drawn evenly by its logarithm.',
        },
      ),
      value: Type.Optional(
        integerOr(['mean'], 0, {
          default: 'mean',
          description: 'A pixel value up to 255, or mean: what input.normalize makes 0.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  problems: ({ scale, ratio, value }) => [
    ...unordered('scale', scale),
    ...unordered('ratio', ratio),
    ...(typeof value === 'number' && value > 255
      ? [{ key: 'value', expected: 'a pixel value from 0 to 255, or mean', actual: String(value) }]
      : []),
  ],
  prepare:
    ({ probability, scale, ratio, value }, image, stream, { mean }) =>
    (images, offset, record) => {
      const draws = recordDraws(stream, record, 1 + 4 * TRIES);
      if (draws.uniform(0) >= probability) return;
      const box = erasedBox(range(scale), range(ratio), image, draws);
      if (box) erase(images, offset, image, box, value === 'mean' ? mean : [value]);
    },
});

/** Ten tries for a box smaller than the image along both axes; null where none was. */
export function erasedBox(
  scale: readonly [number, number],
  ratio: readonly [number, number],
  image: Pick<ImageSize, 'height' | 'width'>,
  draws: Draws,
): Box | null {
  for (let at = 1; at < 1 + 4 * TRIES; at += 4) {
    const area = image.height * image.width * draws.between(at, ...scale);
    const shape = Math.exp(draws.between(at + 1, Math.log(ratio[0]), Math.log(ratio[1])));
    const height = roundHalfEven(Math.sqrt(area * shape));
    const width = roundHalfEven(Math.sqrt(area / shape));
    if (height >= image.height || width >= image.width) continue;
    const top = draws.integer(at + 2, image.height - height + 1);
    return { top, left: draws.integer(at + 3, image.width - width + 1), height, width };
  }
  return null;
}

function erase(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: ImageSize,
  box: Box,
  values: readonly number[],
): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let y = box.top; y < box.top + box.height; y++) {
      const start = offset + (channel * height + y) * width + box.left;
      images.fill(values[channel] ?? values[0]!, start, start + box.width);
    }
  }
}
