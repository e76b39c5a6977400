import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ensureFiles } from '../../src/data/ensure_files.js';
import { loadRecords, loadSplit } from '../../src/data/open.js';
import { datasets } from '../../src/registry/datasets/index.js';
import { smallDataset } from '../helpers/archive_dataset.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

it('opens an archive data set within its limits', async () => {
  const { entry, archive } = smallDataset();
  const root = join(temporaryDirectory(), 'data');
  await mkdir(root);
  await writeFile(join(root, 'small.tar.gz'), archive);
  const options = { root, limit: { train: 6, test: null }, archive: null };
  await ensureFiles(entry, options);
  const { train, test } = await loadRecords(entry, options, 0);
  expect([train.count, train.images.at(-1), test.count, [...test.labels]]).toEqual([6, 50, 3, [0, 1, 2]]);
  expect(await loadSplit(entry, options, 0, 'test')).toEqual(test);
});

it('draws a generated data set from the seed', async () => {
  const options = { limit: { train: 16, test: 8 } };
  const first = await loadRecords(datasets.shapes, options, 1);
  expect([first.train.count, first.test.count]).toEqual([16, 8]);
  expect(await loadRecords(datasets.shapes, options, 1)).toEqual(first);
  expect((await loadRecords(datasets.shapes, options, 2)).train.images).not.toEqual(first.train.images);
});

it('an archive data set needs its options', async () => {
  const { entry } = smallDataset();
  await expect(loadRecords(entry, { limit: { train: null, test: null } }, 0)).rejects.toThrow(TypeError);
});
