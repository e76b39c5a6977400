import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { experimentJsonSchema } from '../../src/config/json_schema.js';
import { MINIMAL, minimalConfig } from './minimal_config.js';

const schema = experimentJsonSchema();
// Ajv's default is draft-07; strictTypes would ask for `type` beside each `required`.
const withBlock = (mine: unknown) => minimalConfig({ blocks: { mine } });
const validate = new Ajv({ allowUnionTypes: true, strictTypes: false }).compile(schema);

it('schemas/experiment.schema.json is what the registry says now', () => {
  const committed = JSON.parse(readFileSync('schemas/experiment.schema.json', 'utf8'));
  expect(committed, 'regenerate it with: npm run generate:schema').toEqual(schema);
});

describe('for editors', () => {
  it.each([
    ['a whole config', minimalConfig(), true],
    ['the same from YAML', parse(MINIMAL), true],
    ['without a required key', minimalConfig({ training: undefined }), false],
    ['unknown key', minimalConfig({ x: 1 }), false],
    [
      'unknown key of a layer',
      minimalConfig({ model: { layers: [{ type: 'relu', name: 'r', x: 1 }] } }),
      false,
    ],
    ['key of another type', minimalConfig({ optimizer: { type: 'adam', momentum: 0.9 } }), false],
    ['only a base', { extends: 'base.yaml' }, true],
    [
      'parts of maps on a base',
      {
        extends: 'base.yaml',
        optimizer: { momentum: 0.9 },
        training: { epochs: 3 },
        model: { auxiliary: [] },
      },
      true,
    ],
    ['keys of no optimizer on a base', { extends: 'base.yaml', optimizer: { momentun: 0.9 } }, false],
    [
      'a layer without its name on a base',
      { extends: 'base.yaml', model: { layers: [{ type: 'conv', filters: 1, kernel: 1 }] } },
      false,
    ],
    ['unknown key on a base', { extends: 'base.yaml', x: 1 }, false],
    ['extends that is no path', { extends: 3 }, false],
    ['a use of a block', minimalConfig({ model: { layers: [{ type: 'mine', filters: 3 }] } }), true],
    [
      'layers inside a layer',
      minimalConfig({ model: { layers: [{ type: 'sequential', layers: [{ type: 'relu' }] }] } }),
      true,
    ],
    [
      'an unknown key of a layer inside a layer',
      minimalConfig({ model: { layers: [{ type: 'sequential', layers: [{ type: 'relu', x: 1 }] }] } }),
      false,
    ],
    ['a block', withBlock({ layers: [{ type: 'conv', name: 'c', filters: '$f', kernel: 1 }] }), true],
    ['nothing in place of a block', withBlock(null), true],
    ['a block without layers', withBlock({ options: {} }), false],
    ['an unknown key of a block', withBlock({ layers: [{ type: 'relu' }], x: 1 }), false],
    ['text that is no $option', withBlock({ layers: [{ type: 'dropout', rate: 'half' }] }), false],
    [
      'an unknown key deep in a block',
      withBlock({ layers: [{ type: 'residual', layers: [{ type: 'relu', x: '$x' }] }] }),
      false,
    ],
  ])('%s', (_name, value, valid) => expect(validate(JSON.parse(JSON.stringify(value)))).toBe(valid));

  it('is draft-07 with a description for every key', () => {
    expect(schema).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      title: expect.any(String),
    });
    const undescribed: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return;
      for (const [key, child] of Object.entries(value)) {
        if (/(^|\.)properties$/.test(path) && !('description' in child) && !('$ref' in child))
          undescribed.push(`${path}.${key}`);
        visit(child, `${path}.${key}`);
      }
    };
    visit(schema, '');
    expect(undescribed).toEqual([]);
  });

  it('has no keyword that editors do not know', () => {
    expect(JSON.stringify(schema)).not.toMatch(/"discriminator"|"\$id":"layer"/);
  });
});
