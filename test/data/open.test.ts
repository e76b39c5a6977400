import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { ensureFiles } from '../../src/data/ensure_files.js';
import { openSource, openSplit, openSplits } from '../../src/data/open.js';
import type { Source } from '../../src/data/source.js';
import { UserError } from '../../src/errors.js';
import { firstIndices } from '../../src/listing/sample.js';
import { smallDataset } from '../helpers/archive_dataset.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const imagesOf = (source: Source) => source.read(firstIndices(source.count));

it('opens an archive data set within its limits', async () => {
  const { entry, archive } = smallDataset();
  const root = join(temporaryDirectory(), 'data');
  await mkdir(root);
  await writeFile(join(root, 'small.tar.gz'), archive);
  const options = { root, limit: { train: 6, test: 2 }, archive: null, validation: 0.1 };
  await ensureFiles(entry, options);
  const train = await openSource(entry, options, 0, 'train');
  expect([train.count, (await imagesOf(train)).at(-1)]).toEqual([6, 50]);
  // The three test records are of three classes, one after the other: a sample, not the first two.
  const labels = async (seed: number) => [...(await openSource(entry, options, seed, 'test')).labels];
  expect(await labels(0)).toHaveLength(2);
  const whole = { ...options, limit: { train: null, test: null } };
  expect([...(await openSource(entry, whole, 0, 'test')).labels]).toEqual([0, 1, 2]);
});

it('an archive data set needs its options', async () => {
  const { entry } = smallDataset();
  const options = { limit: { train: null, test: null }, validation: 0.1 };
  await expect(openSource(entry, options, 0, 'test')).rejects.toThrow(TypeError);
});

describe('the splits of a run', () => {
  const planOf = (validation: number | 'test', seed = 7) =>
    tinyPlan({ seed, dataset: { type: 'shapes', limit: { train: 80, test: 24 }, validation } });

  it('are drawn from the seed, and no image is in two of them', async () => {
    const { train, validation, test } = await openSplits(planOf(0.25));
    expect([train.count, validation.count, test.count]).toEqual([60, 20, 24]);
    const all = await openSplits(planOf('test'));
    expect([all.train.count, all.validation.count]).toEqual([80, 0]);
    const images = async (source: Source) =>
      Promise.all(
        [...firstIndices(source.count)].map(async (i) => `${await source.read(Uint32Array.of(i))}`),
      );
    const [one, other] = [await images(train), await images(validation)];
    expect([...one, ...other].sort()).toEqual((await images(all.train)).sort());
    expect((await openSplits(planOf(0.25, 8))).train.labels).not.toEqual(train.labels);
    // Of 10 images of each class, 2 or 3 are set apart.
    const ofClass = (label: number) => validation.labels.filter((each) => each === label).length;
    expect(train.image).toEqual(all.train.image);
    expect(new Set(Array.from({ length: 8 }, (_, label) => ofClass(label)))).toEqual(new Set([2, 3]));
  });

  it('are the same one by one', async () => {
    const plan = planOf(0.25);
    const splits = await openSplits(plan);
    for (const split of ['train', 'validation', 'test'] as const) {
      const alone = await openSplit(plan, split);
      expect(alone.labels).toEqual(splits[split].labels);
      expect(await imagesOf(alone)).toEqual(await imagesOf(splits[split]));
    }
  });

  const changed = (dataset: Partial<Plan['dataset']>): Plan => {
    const plan = planOf(0.25);
    return { ...plan, dataset: { ...plan.dataset, ...dataset } };
  };

  it.each([
    [
      changed({ image: { channels: 1, height: 32, width: 32 } }),
      'expected images of 1 × 32 × 32, as the run keeps them in plan.json and state.json, got 3 × 32 × 32',
    ],
    [changed({ classes: ['ring', 'disc'] }), 'expected the classes ring, disc, as the run keeps them'],
    [changed({ count: { train: 61, validation: 20, test: 24 } }), 'expected 81 train images, as the run'],
  ])('are refused where the data set is not the one that the run knows', async (plan, message) => {
    const error = await openSplits(plan).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(String(error)).toContain(message);
  });
});
