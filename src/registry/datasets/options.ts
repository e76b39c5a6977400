import { nullable, Type } from '../schema.js';

const limitOf = (split: string) =>
  Type.Optional(
    nullable(
      Type.Integer({
        minimum: 1,
        description: `How many images of the ${split} split to use, counted from its first; null for all.`,
      }),
      { default: null },
    ),
  );

/** `limit`: shared by every data set. */
const limit = Type.Optional(
  Type.Object(
    { train: limitOf('train'), test: limitOf('test') },
    { additionalProperties: false, default: {}, description: 'Use only the first images of each split.' },
  ),
);

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
      limit,
      archive,
    },
    { additionalProperties: false, description },
  );
}

/** The options of a data set that is drawn from the seed. */
export function generatedSchema<const T extends string>(type: T, description: string) {
  return Type.Object(
    { type: Type.Literal(type, { description }), limit },
    { additionalProperties: false, description },
  );
}
