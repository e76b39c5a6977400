import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drawRecords, readLabels, readRecords } from '../../src/data/records.js';
import type { Source } from '../../src/data/source.js';
import { UserError } from '../../src/errors.js';
import { firstIndices } from '../../src/listing/sample.js';
import { smallDataset } from '../helpers/archive_dataset.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

async function setUp(change: Record<string, Uint8Array> = {}) {
  const { entry, contents } = smallDataset();
  const folder = join(temporaryDirectory(), 'small');
  await mkdir(folder);
  for (const [name, bytes] of Object.entries({ ...contents, ...change }))
    await writeFile(join(folder, name), bytes);
  const place = (split: 'train' | 'test', root = folder) => ({
    entry,
    contents: entry.contents({}),
    split,
    folder: root,
  });
  return { entry, folder, place };
}

const imagesOf = (source: Source) => source.read(firstIndices(source.count));

describe('readRecords', () => {
  it('reads the files of a split one after another', async () => {
    const { place } = await setUp();
    const train = await readRecords(place('train'), firstIndices(9));
    expect(train.count).toBe(9);
    expect(train.image).toEqual({ channels: 3, height: 2, width: 2 });
    expect([...train.labels]).toEqual([0, 1, 2, 0, 1, 0, 1, 2, 0]);
    const pixels = [10, 11, 12, 13, 14, 50, 51, 52, 53].flatMap((value) => Array<number>(12).fill(value));
    expect([...(await imagesOf(train))]).toEqual(pixels);
    const test = await readRecords(place('test'), firstIndices(3));
    expect([test.count, ...(await test.read(Uint32Array.of(2, 0)))].filter((_, i) => i % 12 < 2)).toEqual([
      3, 92, 92, 90, 90,
    ]);
  });

  it.each([[[]], [[0]], [[4, 5]], [[1, 3, 8]]])('reads the records %j', async (indices) => {
    const { place } = await setUp();
    const some = await readRecords(place('train'), Uint32Array.from(indices));
    const value = (index: number) => (index < 5 ? 10 + index : 45 + index);
    expect([...(await imagesOf(some))].filter((_, i) => i % 12 === 11)).toEqual(indices.map(value));
    expect([...some.labels]).toEqual(indices.map((index) => (index < 5 ? index : index - 5) % 3));
  });

  it('reads more records than one piece holds', async () => {
    const { entry, folder, place } = await setUp();
    const many = Buffer.alloc(5000 * 13);
    for (let i = 0; i < 5000; i++) many.fill(i % 251, i * 13 + 1, (i + 1) * 13);
    await writeFile(join(folder, 'test.bin'), many);
    const large = { ...entry, files: { ...entry.files, test: [{ name: 'test.bin', records: 5000 }] } };
    const images = await imagesOf(await readRecords({ ...place('test'), entry: large }, firstIndices(5000)));
    expect(Array.from({ length: 5000 }, (_, i) => images[12 * i + 11])).toEqual(
      Array.from({ length: 5000 }, (_, i) => i % 251),
    );
  });

  it('names the file, the record and the value of an impossible label', async () => {
    const { contents } = smallDataset();
    const bad = Buffer.from(contents['b.bin']);
    bad[2 * 13] = 3;
    const { folder, place } = await setUp({ 'b.bin': bad });
    const error = await readRecords(place('train'), firstIndices(9)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe(
      `${join(folder, 'b.bin')}: record 2 (counted from 0): expected a label from 0 to 2, got 3`,
    );
  });

  it('refuses a file of another length, and names one that is missing', async () => {
    const { folder, place } = await setUp({ 'a.bin': Buffer.alloc(64) });
    await expect(readRecords(place('train'), firstIndices(1))).rejects.toThrow(
      'a.bin: expected 65 bytes (5 records of 13), got 64',
    );
    await expect(readRecords(place('train', join(folder, 'no')), firstIndices(9))).rejects.toThrow(
      /^cannot read .*a\.bin: no such/,
    );
  });
});

it('readLabels reads until it is clear that the labels are not sorted', async () => {
  const { entry, folder, place } = await setUp();
  expect([...(await readLabels(place('test')))]).toEqual([0, 1, 2]);
  // The first file has the class 0 twice: the second is not needed.
  expect([...(await readLabels(place('train')))]).toEqual([0, 1, 2, 0, 1]);
  const sorted = Buffer.alloc(9 * 13);
  for (let i = 0; i < 9; i++) sorted[i * 13] = Math.floor(i / 4);
  await writeFile(join(folder, 'test.bin'), sorted);
  const large = { ...entry, files: { ...entry.files, test: [{ name: 'test.bin', records: 9 }] } };
  expect([...(await readLabels({ ...place('test'), entry: large }))]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2]);
});

it('drawRecords draws each image at its own index', async () => {
  const contents = {
    image: { channels: 1, height: 1, width: 2 },
    classes: ['even', 'odd'],
    count: { train: 4, test: 2 },
  };
  const draw = (seed: number, split: string, index: number, planes: Uint8Array) =>
    planes.set([seed + index, split === 'train' ? 1 : 2]);
  const train = drawRecords(contents, draw, (index) => index % 2, 7, 'train', Uint32Array.of(0, 1, 3));
  expect([train.count, [...(await imagesOf(train))], [...train.labels]]).toEqual([
    3,
    [7, 1, 8, 1, 10, 1],
    [0, 1, 1],
  ]);
});
