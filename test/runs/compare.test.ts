import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { compareRuns, openRuns } from '../../src/runs/compare.js';
import { comparisonText, verdicts } from '../../src/runs/comparison_text.js';
import { type MadeRun, makeRun } from '../helpers/make_run.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { TINY } from '../helpers/tiny_config.js';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});

/** Compares made runs, named a, b, c …; directories are left out of what comes back. */
async function compare(...made: readonly MadeRun[]) {
  const names = made.map((_, index) => join(directory, String.fromCharCode(97 + index)));
  for (const [index, name] of names.entries()) await makeRun(name, made[index]);
  const comparison = compareRuns(await openRuns(names));
  return JSON.parse(JSON.stringify(comparison).replaceAll(`${directory}/`, '')) as typeof comparison;
}

const sgd = { optimizer: { type: 'sgd', learning_rate: 0.01 } };
const optimistic = (...runs: readonly string[]) =>
  `Chosen on the test set: the figure is optimistic (${runs.join(', ')}).`;
const first = (count: number) => (image: number) => image < count;

test('two runs of the same test images: results, configs and McNemar', async () => {
  const comparison = await compare(
    { isRight: first(18) },
    { isRight: (image) => image >= 10, changes: { ...sgd, name: 'other', backend: 'wasm' } },
  );
  expect(comparison.runs[0]).toEqual({
    run: 'a',
    seed: 7,
    chosen_on: 'test',
    best_epoch: 2,
    test_accuracy: 0.9,
    test_loss: 0.5,
    test_scores: null,
    validation_accuracy: null,
    validation_loss: null,
    last_accuracy: 0.9,
    last_loss: 0.5,
    steps: 14,
    train_seconds: 0.52 + 0.26,
    images_per_second: 104 / (0.52 + 0.26),
    finished: true,
  });
  expect(comparison.differences).toContainEqual({ key: 'name', values: ['tiny', 'other'] });
  expect(comparison.differences).toContainEqual({ key: 'optimizer.type', values: ['adam', 'sgd'] });
  expect(comparison.differences.find(({ key }) => key === 'optimizer.beta1')?.values[1]).toBeNull();
  // Right: 0…17 and 10…19. binomtest(2, 12): 0.03857421875.
  expect(comparison.mcnemar).toEqual({
    both_right: 8,
    only_first: 10,
    only_second: 2,
    both_wrong: 0,
    p_value: expect.closeTo(0.03857421875, 12),
  });
  expect(comparison).toMatchObject({ groups: [], welch: null, notes: [optimistic('a', 'b')] });
  expect(verdicts(comparison)).toEqual([
    "a is better: 10 of 20 test images are classified correctly by a only, 2 by b only, which chance does not explain (McNemar's exact test, p = 0.039). This compares the two sets of weights; to compare the configs, train several seeds of each.",
  ]);
});

test('two runs that chance may explain', async () => {
  const comparison = await compare({ isRight: first(12) }, { isRight: first(10), changes: sgd });
  expect(verdicts(comparison)).toEqual([
    "No difference is shown: 2 of 20 test images are classified correctly by a only, 0 by b only, which chance may explain (McNemar's exact test, p = 0.5).",
  ]);
  expect(comparisonText(comparison)).toMatch(
    /^run +seed +chosen on +best epoch +test accuracy.*\na +7 +test +2 +60\.00 % +0\.5000/,
  );
});

test.each<[string, MadeRun, RegExp]>([
  ['other seeds draw other images', { changes: { seed: 8 } }, /shapes draws its test images from the seed/],
  [
    'fewer images',
    { changes: { dataset: { ...TINY.dataset, limit: { train: 52, test: 16 } } } },
    /they are not about the same test images/,
  ],
  [
    'another data set',
    { changes: { dataset: { type: 'cifar10', limit: { train: 52, test: 20 } } } },
    /the data sets are shapes and cifar10/,
  ],
  ['a run that has not finished', { epochs: 1 }, /b has no predictions\.jsonl/],
])('no McNemar: %s', async (_, other, reason) => {
  const { mcnemar, notes } = await compare({}, other);
  expect(mcnemar).toBeNull();
  expect(notes.at(-1)).toMatch(/^No test of the two runs' predictions: /);
  expect(notes.at(-1)).toMatch(reason);
});

describe('groups', () => {
  const seeds = (rights: readonly number[], changes = {}) =>
    rights.map((count, seed) => ({
      isRight: first(count),
      changes: { ...changes, seed, name: `seed-${seed}` },
    }));

  test('two groups of seeds', async () => {
    const comparison = await compare(...seeds([18, 17, 19]), ...seeds([12, 14], sgd));
    const { groups, welch } = comparison;
    expect(groups.map(({ runs, seeds: ofGroup }) => [runs, ofGroup])).toEqual([
      [
        ['a', 'b', 'c'],
        [0, 1, 2],
      ],
      [
        ['d', 'e'],
        [0, 1],
      ],
    ]);
    // scipy 1.17.1: t.interval(0.95, 2, 0.9, 0.05 / sqrt(3)); ttest_ind([0.6, 0.7], [0.9, 0.85, 0.95], equal_var=False)
    expect(groups[0]!.test_accuracy).toEqual({
      count: 3,
      mean: expect.closeTo(0.9, 12),
      deviation: expect.closeTo(0.05, 12),
      interval: [expect.closeTo(0.7757931144, 9), expect.closeTo(1.0242068856, 9)],
    });
    expect(welch).toMatchObject({
      difference: expect.closeTo(-0.25, 12),
      t: expect.closeTo(-4.330127019, 8),
    });
    expect(welch!.p_value).toBeGreaterThan(0.05);
    expect(verdicts(comparison)).toEqual([
      expect.stringMatching(
        /^The mean test accuracy of group 2 is 25\.00 percentage points below .*, no more than the seeds may explain \(Welch's t-test, t = -4\.33, 1\.7 degrees of freedom, p = 0\.06/,
      ),
    ]);
  });

  test('a seed that comes twice counts once; runs that have not finished do not', async () => {
    const [one, two] = seeds([18, 17]);
    const again = { ...one!, changes: { ...one!.changes, backend: 'wasm' } };
    const { groups, notes } = await compare(one!, two!, again, { epochs: 1, changes: { seed: 5 } });
    expect(groups.map(({ runs }) => runs)).toEqual([['a', 'b']]);
    expect(notes).toContain('c: left out of its group, which has a run of seed 0.');
    expect(notes).toContain('d: The run has not finished: it is at step 7 of 14.');
  });

  test('runs that began with other weights are no replicates, whatever their files are called', async () => {
    const [one, two, three] = seeds([18, 17, 16]);
    const init = (file: string, digit: string) => ({ file, sha256: digit.repeat(64) });
    const mixed = await compare(one!, { ...two!, init: init('a.safetensors', '1') });
    expect(mixed.groups).toEqual([]);
    expect(mixed.differences.filter(({ key }) => key.startsWith('init'))).toEqual([
      { key: 'init.file', values: [null, 'a.safetensors'] },
      { key: 'init.sha256', values: [null, '1'.repeat(64)] },
    ]);
    directory = temporaryDirectory();
    const { groups, differences } = await compare(
      { ...one!, init: init('a.safetensors', '1') },
      { ...two!, init: init('b.safetensors', '1') },
      { ...three!, init: init('a.safetensors', '2') },
    );
    expect(groups.map(({ runs }) => runs)).toEqual([['a', 'b']]);
    expect(differences.map(({ key }) => key)).toContain('init.sha256');
  });

  test('of the same weights, runs that took other tensors are no replicates; where the file lies counts nothing', async () => {
    const [one, two, three] = seeds([18, 17, 16]);
    const from = (run: MadeRun, file: string, ignore: string[]) => ({
      ...run,
      changes: { ...run.changes, init: { file, ignore } },
      init: { file, sha256: '1'.repeat(64), ignore },
    });
    const { groups, differences } = await compare(
      from(one!, 'a.pth', ['fc.*']),
      from(two!, 'elsewhere/a.pth', ['fc.*']),
      from(three!, 'a.pth', []),
    );
    expect(groups.map(({ runs }) => runs)).toEqual([['a', 'b']]);
    expect(differences.filter(({ key }) => key.startsWith('init'))).toEqual([
      { key: 'init.file', values: ['a.pth', 'elsewhere/a.pth', 'a.pth'] },
      { key: 'init.sha256', values: Array(3).fill('1'.repeat(64)) },
      { key: 'init.ignore', values: [['fc.*'], ['fc.*'], []] },
    ]);
  });

  test('the content of the archive decides, and not where the data lie', async () => {
    const from = (url: string, digit: string, root = 'data') => ({
      dataset: {
        type: 'cifar10',
        root,
        validation: 'test',
        limit: { train: 52, test: 20 },
        archive: { url: `file:${url}`, sha256: digit.repeat(64) },
      },
    });
    const [one, two, three] = seeds([18, 17, 16]);
    const made = (run: MadeRun, changes: object) => ({ ...run, changes: { ...run.changes, ...changes } });
    const { groups } = await compare(
      made(one!, from('/a', 'a')),
      made(two!, from('/b', 'A', 'elsewhere')),
      made(three!, from('/a', 'b')),
    );
    expect(groups.map(({ runs }) => runs)).toEqual([['a', 'b']]);
    directory = temporaryDirectory();
    const { mcnemar, notes } = await compare(made(one!, from('/a', 'a')), made(one!, from('/a', 'b')));
    expect(mcnemar).toBeNull();
    expect(notes).toContainEqual(
      expect.stringMatching(/predictions: their data sets are from archives of different content\.$/),
    );
  });

  test('no test where nothing varies, nor of a group and a single run, and why', async () => {
    const same = await compare(...seeds([18, 18]), ...seeds([17, 17], sgd));
    expect(same).toMatchObject({
      welch: null,
      notes: [
        optimistic('a', 'b', 'c', 'd'),
        expect.stringMatching(/^No test between the groups: neither varies/),
      ],
    });
    directory = temporaryDirectory();
    const alone = await compare(...seeds([18, 17]), { changes: sgd });
    expect(alone).toMatchObject({
      welch: null,
      notes: [expect.any(String), expect.stringMatching(/^No test between groups: there is one;/)],
    });
  });

  test('three groups are not tested', async () => {
    const pair = (changes: object) => seeds([18, 17], changes);
    const { groups, welch, notes } = await compare(
      ...pair({}),
      ...pair(sgd),
      ...pair({ schedule: { type: 'constant' } }),
    );
    expect(groups).toHaveLength(3);
    expect({ welch, notes }).toEqual({
      welch: null,
      notes: [
        optimistic('a', 'b', 'c', 'd', 'e', 'f'),
        'No test between groups: it is for two, and there are 3.',
      ],
    });
  });
});

test('a difference within another one is left to it', async () => {
  const { model } = TINY;
  const [conv, ...others] = model.layers;
  const wider = { ...model, layers: [{ ...conv, filters: 8 }, ...others] };
  const deeper = { ...model, layers: [conv, { type: 'relu', name: 'more' }, ...others] };
  const { differences } = await compare({}, { changes: { model: wider } });
  expect(differences).toEqual([{ key: 'model.layers.0.filters', values: [6, 8] }]);
  const all = await compare({}, { changes: { model: wider } }, { changes: { model: deeper } });
  expect(all.differences.map(({ key }) => key)).toEqual(['model.layers']);
});

test('fewer than two runs, or one twice', async () => {
  const run = join(directory, 'run');
  await makeRun(run);
  await expect(openRuns([run])).rejects.toMatchObject({
    message: 'expected at least two run directories, got 1',
    exitCode: 2,
  });
  const link = join(directory, 'link');
  symlinkSync(run, link);
  await expect(openRuns([run, link])).rejects.toMatchObject({
    message: `${link}: expected another run, got the same as ${run}`,
    exitCode: 2,
  });
});
