import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { recordFiles } from '../../../src/data/manifest.js';
import { type DatasetType, datasetEntry, datasets } from '../../../src/registry/datasets/index.js';

const types = Object.keys(datasets) as DatasetType[];

function resolve(type: DatasetType, config: object): { value: object; valid: boolean } {
  const value = structuredClone({ type, ...config });
  const valid = new Ajv({ strict: true, useDefaults: true }).validate(datasetEntry(type).schema, value);
  return { value, valid };
}

describe.each(types)('%s', (type) => {
  it('needs its type alone, and fills in the defaults', () => {
    const limit = { train: null, test: null };
    const files = type === 'shapes' ? {} : { root: `data/${type}`, archive: null };
    expect(resolve(type, {})).toEqual({ value: { type, limit, ...files }, valid: true });
  });

  it.each([
    [{ limit: { train: 0 } }, false],
    [{ limit: { train: 100, test: null } }, true],
    [{ limit: { trian: 100 } }, false],
    [{ rot: 'data' }, false],
  ])('%j', (config, valid) => expect(resolve(type, config).valid).toBe(valid));

  it('has different class names, and describes every option', () => {
    const { classes, schema } = datasetEntry(type);
    expect(new Set(classes).size).toBe(classes.length);
    for (const property of Object.values(schema.properties)) expect(property.description).toMatch(/\.$/);
  });
});

describe.each(['cifar10', 'cifar100'] as const)('%s', (type) => {
  const entry = datasets[type];

  it('has 50,000 and 10,000 records of one or two labels and 3 × 32 × 32 pixels', () => {
    const count = (split: 'train' | 'test') =>
      entry.files[split].reduce((sum, file) => sum + file.records, 0);
    expect([count('train'), count('test')]).toEqual([50_000, 10_000]);
    expect(entry.record.bytes - entry.record.imageOffset).toBe(3 * 32 * 32);
    expect(entry.record.labelOffset).toBe(entry.record.imageOffset - 1);
    expect(entry.classes).toHaveLength(type === 'cifar10' ? 10 : 100);
    expect([...entry.classes].sort()).toEqual(entry.classes);
    for (const md5 of [entry.archive.md5, ...recordFiles(entry).map((file) => file.md5)]) {
      if (md5 !== undefined) expect(md5).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  it.each([
    [{ url: 'file:///a.tar.gz', sha256: 'aB'.repeat(32) }, true],
    [null, true],
    [{ url: 'https://host/a.tar.gz' }, false],
    [{ url: 'ftp://host/a.tar.gz', sha256: 'ab'.repeat(32) }, false],
    [{ url: 'https://host/a.tar.gz', sha256: 'ab' }, false],
  ])('archive %j', (archive, valid) => expect(resolve(type, { archive }).valid).toBe(valid));
});
