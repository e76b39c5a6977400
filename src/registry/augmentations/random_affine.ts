import { type AffineChange, affine, inverseAffine } from '../../pixels/affine.js';
import { roundHalfEven } from '../../pixels/planes.js';
import type { ImageSize } from '../datasets/facts.js';
import { Type } from '../schema.js';
import { type Draws, defineAugmentation, recordDraws } from './augmentation.js';
import { fillField, interpolationField, range, rangeField, unordered } from './fields.js';

/** Turns, moves, scales and shears, as torchvision's RandomAffine(degrees, translate, scale, shear). */
export const random_affine = defineAugmentation({
  schema: Type.Object(
    {
      type: Type.Literal('random_affine', { description: 'Turn, move, scale and shear.' }),
      degrees: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: 180,
          default: 0,
          description: 'The angle is drawn from −degrees to degrees.',
        }),
      ),
      translate: rangeField(
        { minimum: 0, maximum: 1 },
        {
          default: [0, 0],
          description: 'Largest shift along x and along y, as a share of width and height.',
        },
      ),
      scale: rangeField(
        { exclusiveMinimum: 0 },
        { default: [1, 1], description: 'Least and largest factor of the size.' },
      ),
      shear: rangeField(
        { minimum: 0, maximum: 89 },
        { default: [0, 0], description: 'Largest shear along x and along y, in degrees to either side.' },
      ),
      interpolation: interpolationField,
      fill: fillField(0),
    },
    { additionalProperties: false },
  ),
  problems: ({ degrees, translate, scale, shear }) => {
    const still =
      [degrees, ...translate, ...shear].every((value) => value === 0) && scale.every((s) => s === 1);
    const expected = 'degrees, translate, scale or shear other than those that leave the image as it is';
    return [...unordered('scale', scale), ...(still ? [{ key: '', expected, actual: 'none' }] : [])];
  },
  prepare:
    ({ degrees, translate, scale, shear, interpolation, fill }, image, stream) =>
    (images, offset, record) => {
      const ranges = { degrees, translate: range(translate), scale: range(scale), shear: range(shear) };
      const change = affineChange(ranges, image, recordDraws(stream, record, 6));
      affine(images, offset, image, inverseAffine(change), interpolation, fill);
    },
});

interface Ranges {
  readonly degrees: number;
  readonly translate: readonly [number, number];
  readonly scale: readonly [number, number];
  readonly shear: readonly [number, number];
}

/** Of one record; shifts are whole pixels. */
export function affineChange(
  { degrees, translate, scale, shear }: Ranges,
  { height, width }: Pick<ImageSize, 'height' | 'width'>,
  draws: Draws,
): AffineChange {
  const around = (place: number, most: number) => draws.between(place, -most, most);
  return {
    angle: around(0, degrees),
    translate: [
      roundHalfEven(around(1, translate[0] * width)),
      roundHalfEven(around(2, translate[1] * height)),
    ],
    scale: draws.between(3, ...scale),
    shear: [around(4, shear[0]), around(5, shear[1])],
  };
}
