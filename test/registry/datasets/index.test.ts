import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { recordFiles } from '../../../src/data/manifest.js';
import { type DatasetType, datasetEntry, datasets } from '../../../src/registry/datasets/index.js';

const all = Object.keys(datasets) as DatasetType[];
const types = all.filter((type) => datasetEntry(type).kind !== 'files');

function resolve(type: DatasetType, config: object): { value: object; valid: boolean } {
  const value = structuredClone({ type, ...config });
  const valid = new Ajv({ strict: true, allowUnionTypes: true, useDefaults: true }).validate(
    datasetEntry(type).schema,
    value,
  );
  return { value, valid };
}

/** What a data set has with its defaults. */
function contentsOf(type: DatasetType) {
  const entry = datasetEntry(type);
  if (entry.kind === 'files') throw new TypeError('its directories tell');
  return entry.contents(resolve(type, {}).value as never);
}

describe.each(types)('%s', (type) => {
  it('needs its type alone, and fills in the defaults', () => {
    const limit = { train: null, test: null };
    const own = type === 'shapes' ? { size: 32, channels: 3 } : { root: `data/${type}`, archive: null };
    expect(resolve(type, {})).toEqual({ value: { type, limit, validation: 0.1, ...own }, valid: true });
  });

  it.each([
    [{ limit: { train: 0 } }, false],
    [{ limit: { train: 100, test: null } }, true],
    [{ limit: { trian: 100 } }, false],
    [{ rot: 'data' }, false],
    [{ validation: 0.25 }, true],
    [{ validation: 'test' }, true],
    [{ validation: 'train' }, false],
    [{ validation: 0 }, false],
    [{ validation: 1 }, false],
  ])('%j', (config, valid) => expect(resolve(type, config).valid).toBe(valid));

  it('has different class names, and describes every option', () => {
    const { schema } = datasetEntry(type);
    const { classes } = contentsOf(type);
    expect(new Set(classes).size).toBe(classes.length);
    for (const property of Object.values(schema.properties)) expect(property.description).toMatch(/\.$/);
  });
});

describe('image_folder', () => {
  it('needs its directory, and fills in the defaults', () => {
    const limit = { train: null, test: null };
    const value = { type: 'image_folder', root: 'a', limit, validation: null, test: null };
    expect(resolve('image_folder', { root: 'a' })).toEqual({
      value: { ...value, unreadable: 'error', duplicates: 'warn' },
      valid: true,
    });
    expect(resolve('image_folder', {}).valid).toBe(false);
  });

  it('may be a list in a file', () => {
    expect(resolve('manifest', { file: 'a.csv' })).toMatchObject({ valid: true });
    expect(resolve('manifest', { root: 'a' }).valid).toBe(false);
  });

  it.each([
    [{ validation: 'test' }, true],
    [{ validation: 0.2, test: 0.3 }, true],
    [{ test: 'test' }, false],
    [{ test: 1 }, false],
    [{ unreadable: 'grey' }, false],
    [{ duplicates: 'error' }, true],
  ])('%j', (config, valid) => expect(resolve('image_folder', { root: 'a', ...config }).valid).toBe(valid));
});

describe.each(['cifar10', 'cifar100'] as const)('%s', (type) => {
  const entry = datasets[type];

  it('has 50,000 and 10,000 records of one or two labels and 3 × 32 × 32 pixels', () => {
    const { classes, image, count } = contentsOf(type);
    expect(count).toEqual({ train: 50_000, test: 10_000 });
    expect(image).toEqual({ channels: 3, height: 32, width: 32 });
    expect(entry.record.bytes - entry.record.imageOffset).toBe(3 * 32 * 32);
    expect(entry.record.labelOffset).toBe(entry.record.imageOffset - 1);
    expect(classes).toHaveLength(type === 'cifar10' ? 10 : 100);
    expect([...classes].sort()).toEqual(classes);
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
