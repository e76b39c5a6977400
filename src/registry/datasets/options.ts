import type { TProperties } from '@sinclair/typebox';
import { nullable, Type } from '../schema.js';

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

/** Shared by every data set. */
const common = {
  limit: Type.Optional(
    Type.Object(
      { train: limitOf('train'), test: limitOf('test') },
      {
        additionalProperties: false,
        default: {},
        description:
          'Use fewer images of each split: the first ones; of a data set in the order of its classes, a sample with a share of each class.',
      },
    ),
  ),
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
