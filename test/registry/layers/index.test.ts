import { expect, it } from 'vitest';
import { layerEntry, layers } from '../../../src/registry/layers/index.js';

it('every layer is found by the type that its schema names', () => {
  expect(Object.keys(layers)).toEqual([
    'conv',
    'max_pool',
    'avg_pool',
    'global_avg_pool',
    'inception',
    'flatten',
    'linear',
    'dropout',
    'relu',
  ]);
  for (const [type, entry] of Object.entries(layers)) {
    expect(layerEntry(type as keyof typeof layers)).toBe(entry);
    expect(entry.schema.properties.type).toMatchObject({ const: type });
  }
});
