import { nullable, oneOf, Type } from '../schema.js';

/** Options that several augmentations have. */
export const probabilityField = (value: number) =>
  Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      default: value,
      description: 'How often an image is changed, up to 1 (always).',
    }),
  );

export const interpolationField = Type.Optional(
  oneOf(['nearest', 'bilinear'], {
    default: 'nearest',
    description: 'How pixels between pixels get their value.',
  }),
);

export const fillField = (value: number | null) =>
  Type.Optional(
    nullable(
      Type.Integer({
        minimum: 0,
        maximum: 255,
        description:
          'Pixel value of what comes from outside of the image; null is black as torchvision has it without a fill.',
      }),
      { default: value },
    ),
  );

/** Two numbers, the first not the larger. */
export const rangeField = (
  bounds: { minimum?: number; maximum?: number; exclusiveMinimum?: number },
  options: { description: string; default?: readonly [number, number] },
) => Type.Optional(Type.Array(Type.Number(bounds), { minItems: 2, maxItems: 2, ...options }));

/** A list that the schema keeps at two numbers. */
export function range(values: readonly number[]): readonly [number, number] {
  return [values[0]!, values[1]!];
}

/** Says so where the first number is the larger. */
export function unordered(key: string, values: readonly number[]) {
  const [low, high] = range(values);
  if (low <= high) return [];
  return [{ key, expected: 'the smaller number first', actual: `[${low}, ${high}]` }];
}

/** Says so where an image has no colours that could change. */
export function withoutColor(key: string, { channels }: { channels: number }) {
  if (channels === 3) return [];
  return [{ key, expected: 'images of 3 channels', actual: `${channels}, in which it changes nothing` }];
}
