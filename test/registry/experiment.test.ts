import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { plainSchema } from '../../src/config/plain_schema.js';
import { augmentations } from '../../src/registry/augmentations/index.js';
import { backends } from '../../src/registry/backends.js';
import { datasets } from '../../src/registry/datasets/index.js';
import { experimentSchema } from '../../src/registry/experiment.js';
import { layers } from '../../src/registry/layers/index.js';
import { losses } from '../../src/registry/losses/index.js';
import { mixings } from '../../src/registry/mixing/index.js';
import { optimizers } from '../../src/registry/optimizers/index.js';
import { schedules } from '../../src/registry/schedules/index.js';

it('is a schema without a slip: no unknown keyword, no default that is never used', () => {
  const strict = new Ajv({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    discriminator: true,
    useDefaults: true,
  });
  expect(() => strict.compile(plainSchema(experimentSchema))).not.toThrow();
});

describe.each(Object.entries({ augmentations, datasets, layers, losses, mixings, optimizers, schedules }))(
  '%s',
  (_name, registry) => {
    it.each(Object.entries(registry as Record<string, { schema: object }>))(
      '%s is named by its type',
      (type, entry) => {
        expect(entry.schema).toMatchObject({
          type: 'object',
          additionalProperties: false,
          required: expect.arrayContaining(['type']),
          properties: { type: { const: type, description: expect.any(String) } },
        });
      },
    );
  },
);

it.each([
  ['dataset', datasets],
  ['optimizer', optimizers],
  ['schedule', schedules],
  ['loss', losses],
] as const)('%s takes every entry of its registry', (key, registry) => {
  const { oneOf } = plainSchema(experimentSchema).properties?.[key] ?? {};
  expect(oneOf?.map((member) => member.properties?.type?.const)).toEqual(Object.keys(registry));
});

it('takes every layer and backend', () => {
  const { definitions, properties } = plainSchema(experimentSchema);
  expect(definitions.layer?.oneOf?.map((member) => member.properties?.type?.const)).toEqual(
    Object.keys(layers),
  );
  expect(properties?.backend?.enum).toEqual(['auto', ...Object.keys(backends)]);
});
