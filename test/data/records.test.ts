import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { describe, expect, it } from 'vitest';
import { drawRecords, readRecords } from '../../src/data/records.js';
import { UserError } from '../../src/errors.js';
import { defineGeneratedDataset } from '../../src/registry/datasets/dataset.js';
import { smallDataset } from '../helpers/archive_dataset.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

async function setUp(change: Record<string, Uint8Array> = {}) {
  const { entry, contents } = smallDataset();
  const folder = join(temporaryDirectory(), 'small');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries({ ...contents, ...change }))
    await writeFile(join(folder, name), bytes);
  return { entry, folder, contents };
}

describe('readRecords', () => {
  it('reads the files of a split one after another', async () => {
    const { entry, folder } = await setUp();
    const train = await readRecords(entry, 'train', folder, null);
    expect(train.count).toBe(9);
    expect(train.image).toEqual({ channels: 3, height: 2, width: 2 });
    expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0]);
    const pixels = [10, 11, 12, 13, 14, 50, 51, 52, 53].flatMap((value) => Array<number>(12).fill(value));
    expect([...train.images]).toEqual(pixels);
    const test = await readRecords(entry, 'test', folder, null);
    expect([test.count, test.images[0], test.images[35]]).toEqual([3, 90, 92]);
  });

  it.each([
    [1, 10],
    [5, 14],
    [6, 50],
    [9, 53],
    [1000, 53],
  ])('with limit %d ends with the pixel %d', async (limit, last) => {
    const { entry, folder } = await setUp();
    const train = await readRecords(entry, 'train', folder, limit);
    expect(train.count).toBe(Math.min(9, limit));
    expect(train.images.length).toBe(12 * train.count);
    expect(train.images.at(-1)).toBe(last);
  });

  it('reads more records than one piece holds', async () => {
    const { entry, folder } = await setUp();
    const many = Buffer.alloc(5000 * 13);
    for (let i = 0; i < 5000; i++) many.fill(i % 251, i * 13 + 1, (i + 1) * 13);
    await writeFile(join(folder, 'test.bin'), many);
    const large = { ...entry, files: { ...entry.files, test: [{ name: 'test.bin', records: 5000 }] } };
    const { images } = await readRecords(large, 'test', folder, null);
    expect(Array.from({ length: 5000 }, (_, i) => images[12 * i + 11])).toEqual(
      Array.from({ length: 5000 }, (_, i) => i % 251),
    );
  });

  it('names the file, the record and the value of an impossible label', async () => {
    const { contents } = smallDataset();
    const bad = Buffer.from(contents['b.bin']);
    bad[2 * 13] = 3;
    const { entry, folder } = await setUp({ 'b.bin': bad });
    const error = await readRecords(entry, 'train', folder, null).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe(
      `${join(folder, 'b.bin')}: record 2 (counted from 0): expected a label from 0 to 2, got 3`,
    );
  });

  it('refuses a file of another length, and names one that is missing', async () => {
    const { entry, folder } = await setUp({ 'a.bin': Buffer.alloc(64) });
    await expect(readRecords(entry, 'train', folder, 1)).rejects.toThrow(
      'a.bin: expected 65 bytes (5 records of 13), got 64',
    );
    await expect(readRecords(entry, 'train', join(folder, 'no'), null)).rejects.toThrow(
      /^cannot read .*a\.bin: no such/,
    );
  });
});

it('drawRecords draws each image at its own index', () => {
  const entry = defineGeneratedDataset({
    schema: Type.Object({}),
    image: { channels: 1, height: 1, width: 2 },
    classes: ['even', 'odd'],
    statistics: { mean: [0, 0, 0], std: [1, 1, 1] },
    counts: { train: 4, test: 2 },
    draw: (seed, split, index, planes) => {
      planes.set([seed + index, split === 'train' ? 1 : 2]);
      return index % 2;
    },
  });
  const train = drawRecords(entry, 7, 'train', 3);
  expect([train.count, [...train.images], [...train.labels]]).toEqual([3, [7, 1, 8, 1, 9, 1], [0, 1, 0]]);
  expect([...drawRecords(entry, 7, 'test', null).images]).toEqual([7, 2, 8, 2]);
});
