import { experimentSchema } from '../registry/experiment.js';
import type { JsonSchema } from './describe_schema.js';
import { plainSchema } from './plain_schema.js';

const EXTENDS = {
  type: 'string',
  minLength: 1,
  description:
    'A config that this one builds on, relative to this file: maps are merged, lists are replaced.',
};

/**
 * The JSON Schema (draft-07) of a config file, for editors. It differs from the registry's, which the program itself
 * checks after merging: a file may name a base with `extends`, and then leave out whatever the base has.
 */
export function experimentJsonSchema(): object {
  const plain = JSON.stringify(plainSchema(experimentSchema), withoutDiscriminator);
  const { definitions, ...complete }: ReturnType<typeof plainSchema> = JSON.parse(plain);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'urn:gnet:experiment',
    title: 'gnet experiment',
    description: 'A config of gnet: data set, network, optimizer and schedule of one training.',
    type: 'object',
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
    then: { $ref: '#/definitions/extension' },
    else: { $ref: '#/definitions/experiment' },
    definitions: {
      experiment: withExtends(complete),
      extension: withExtends(partial(complete)),
      ...definitions,
    },
  };
}

/** `discriminator` belongs to OpenAPI; `oneOf` with a constant `type` says the same. */
function withoutDiscriminator(key: string, value: unknown): unknown {
  return key === 'discriminator' ? undefined : value;
}

function withExtends(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { extends: EXTENDS, ...schema.properties } };
}

/** The schema with no key required, at any depth that merging reaches: lists are replaced whole. */
function partial(schema: JsonSchema): JsonSchema {
  const { required: _, oneOf, properties, ...rest } = schema;
  return {
    ...rest,
    // Without its `type`, a map can fit several members.
    ...(oneOf && { anyOf: oneOf.map(partial) }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, partial(value)])),
    }),
  };
}
