import { expect, it } from 'vitest';
import { plainSchema } from '../../src/config/plain_schema.js';
import { experimentSchema } from '../../src/registry/experiment.js';

it('moves what has an $id to definitions, once', () => {
  const shared = { $id: 'shared', type: 'object', properties: { a: { type: 'number' } } };
  const schema = { type: 'object', properties: { x: shared, y: { type: 'array', items: shared } } };
  expect(plainSchema(schema)).toEqual({
    type: 'object',
    properties: {
      x: { $ref: '#/definitions/shared' },
      y: { type: 'array', items: { $ref: '#/definitions/shared' } },
    },
    definitions: { shared: { type: 'object', properties: { a: { type: 'number' } } } },
  });
});

it('writes the layers of the registry once', () => {
  const { definitions } = plainSchema(experimentSchema);
  expect(Object.keys(definitions)).toEqual(['initialization', 'layer']);
  expect(definitions.layer?.oneOf?.length).toBeGreaterThan(5);
});
