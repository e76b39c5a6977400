import type { TProperties } from '@sinclair/typebox';
import { nullable, oneOf, Type } from '../schema.js';

const limitOf = (split: string) =>
  Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        description: `How many images of the ${split} split to use; null for all.`,
      }),
      { default: null },
    ),
  );

const limit = Type.Optional(
  Type.Object(
    { train: limitOf('train'), test: limitOf('test') },
    {
      additionalProperties: false,
      default: {},
      description:
        'Use fewer images of each split: the first ones; of a data set in the order of its classes, a sample with a share of each class.',
    },
  ),
);

/** Shared by every data set that knows its splits. */
const common = {
  limit,
  validation: Type.Optional(
    Type.Unsafe<number | 'test'>({
      type: ['number', 'string'],
      exclusiveMinimum: 0,
      exclusiveMaximum: 1,
      pattern: '^(test)$',
      default: 0.1,
      description:
        'The share of the training images that is set apart, alike of each class, to choose the best epoch; the test set is then evaluated once, at the end. test: choose on the test set, which makes its figure optimistic.',
    }),
  ),
};

const archive = Type.Optional(
  nullable(
    Type.Object(
      {
        url: Type.String({
          pattern: '^(https?|file):',
          description:
            'Address of a tar.gz with the same files as the official archive: http:, https: or file:.',
        }),
        sha256: Type.String({
          pattern: '^[0-9a-fA-F]{64}$',
          description: 'SHA-256 of that archive, 64 hexadecimal digits; a file with another is refused.',
        }),
      },
      {
        additionalProperties: false,
        description: 'Another archive to take the data from, such as a mirror; null for the official one.',
      },
    ),
    { default: null },
  ),
);

/** The options of a data set that is kept in files below a folder. */
export function archiveSchema<const T extends string>(type: T, description: string) {
  return Type.Object(
    {
      type: Type.Literal(type, { description }),
      root: Type.Optional(
        Type.String({
          minLength: 1,
          default: `data/${type}`,
          description:
            'Folder that the files are kept in; a relative path starts at the current working directory.',
        }),
      ),
      ...common,
      archive,
    },
    { additionalProperties: false, description },
  );
}

/** The options of a data set that is drawn from the seed, and its own. */
export function generatedSchema<const T extends string, P extends TProperties>(
  type: T,
  description: string,
  own: P,
) {
  return Type.Object(
    { type: Type.Literal(type, { description }), ...own, ...common },
    { additionalProperties: false, description },
  );
}

const share = { exclusiveMinimum: 0, exclusiveMaximum: 1, default: null };

/** The options of images in files of the user's own, and where they are. */
export function filesSchema<const T extends string, P extends TProperties>(
  type: T,
  description: string,
  place: P,
) {
  return Type.Object(
    {
      type: Type.Literal(type, { description }),
      ...place,
      limit,
      validation: Type.Optional(
        Type.Unsafe<number | 'test' | null>({
          type: ['number', 'string', 'null'],
          ...share,
          pattern: '^(test)$',
          description:
            'The share of the training images that is set apart, alike of each class, to choose the best epoch; null: the validation images that are kept apart, else a tenth. test: choose on the test set, which makes its figure optimistic.',
        }),
      ),
      test: Type.Optional(
        Type.Unsafe<number | null>({
          type: ['number', 'null'],
          ...share,
          description:
            'The share of all images that is set apart as the test set, alike of each class, from the seed; null: the test images that are kept apart, else a tenth.',
        }),
      ),
      unreadable: Type.Optional(
        oneOf(['error', 'skip'], {
          default: 'error',
          description:
            'What becomes of images that cannot be read: error ends the run, skip leaves them out from its beginning, and lists them in unreadable.jsonl.',
        }),
      ),
      duplicates: Type.Optional(
        oneOf(['warn', 'error'], {
          default: 'warn',
          description:
            'What becomes of images of the same content in two splits: they are told, or end the run.',
        }),
      ),
    },
    { additionalProperties: false, description },
  );
}
