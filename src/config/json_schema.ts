import { experimentSchema } from '../registry/experiment.js';
import { LAYER_NAME } from '../registry/layers/layer.js';
import { type JsonSchema, typesOf } from './describe_schema.js';
import { plainSchema } from './plain_schema.js';

const EXTENDS = {
  type: 'string',
  minLength: 1,
  description:
    'A config that this one builds on, relative to this file: maps are merged, lists are replaced.',
};

const OPTION = {
  type: 'string',
  pattern: '^\\$\\w+$',
  description: 'Stands for what a use of the block gives this option.',
};

/** The key `blocks`, which only a file has. */
export const BLOCKS = {
  type: 'object',
  description: 'Layers that this config names for itself: a layer uses them as its type.',
  propertyNames: { pattern: LAYER_NAME },
  additionalProperties: {
    type: ['object', 'null'],
    required: ['layers'],
    additionalProperties: false,
    properties: {
      options: {
        type: 'object',
        description: 'Each with its default; required: it has none.',
      },
      layers: {
        type: 'array',
        minItems: 1,
        items: { $ref: '#/definitions/block_layer' },
        description: 'The layers, in which $option stands for what a use gives.',
      },
    },
  },
};

/**
 * The JSON Schema (draft-07) of a config file, for editors. It differs from the registry's, which the program itself
 * checks after merging: a file may name a base with `extends`, and then leave out whatever the base has; and it may
 * define blocks, so that a layer of any other type than those of the registry is a use of one.
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
      experiment: withFileKeys(complete),
      extension: withFileKeys(partial(complete)),
      ...definitions,
      layer: orUse(definitions.layer!),
      block_layer: orUse(inBlock(definitions.layer!)),
      option: OPTION,
    },
  };
}

/** `discriminator` belongs to OpenAPI; `oneOf` with a constant `type` says the same. */
function withoutDiscriminator(key: string, value: unknown): unknown {
  return key === 'discriminator' ? undefined : value;
}

/** The keys that only a file has. */
function withFileKeys(schema: JsonSchema): JsonSchema {
  return { ...schema, properties: { extends: EXTENDS, ...schema.properties, blocks: BLOCKS } };
}

/** A layer, or a use of a block. */
function orUse({ oneOf = [], ...layer }: JsonSchema): JsonSchema {
  const use = {
    type: 'object',
    required: ['type'],
    properties: {
      type: { type: 'string', not: { enum: typesOf({ oneOf }) }, description: 'The name of a block.' },
    },
    description: 'A use of a block, with its options.',
  };
  return { ...layer, oneOf: [...oneOf, use] };
}

/** A layer as it stands in a block: any option may be a $option. */
function inBlock(schema: JsonSchema): JsonSchema {
  const { $ref, oneOf, items, properties, ...rest } = schema;
  if ($ref !== undefined) return { $ref: $ref.replace(/layer$/, 'block_layer') };
  return {
    ...rest,
    ...(oneOf && { oneOf: oneOf.map(inBlock) }),
    ...(items && { items: inBlock(items) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, orOption(value)]),
      ),
    }),
  };
}

function orOption(value: JsonSchema): JsonSchema {
  if (value.const !== undefined) return value;
  const { description, ...rest } = inBlock(value);
  return { ...(description && { description }), anyOf: [rest, { $ref: '#/definitions/option' }] };
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
