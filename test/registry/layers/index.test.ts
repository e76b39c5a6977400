import { expect, it } from 'vitest';
import { layerEntry, layers } from '../../../src/registry/layers/index.js';

it('every layer is found by the type that its schema names', () => {
  for (const [type, entry] of Object.entries(layers)) {
    expect(layerEntry(type as keyof typeof layers)).toBe(entry);
    expect(entry.schema.properties.type).toMatchObject({ const: type });
  }
});
