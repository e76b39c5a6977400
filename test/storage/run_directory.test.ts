import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { createRunDirectory, findLatestRun, listRuns, runPaths } from '../../src/storage/run_directory.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const NOW = new Date('2024-03-09T07:05:01.999Z');

test('names a run by its UTC time, and makes the root', async () => {
  const root = join(temporaryDirectory(), 'deep', 'runs');
  expect(await createRunDirectory(root, 'googlenet-cifar10', NOW)).toBe(
    join(root, 'googlenet-cifar10-20240309T070501Z'),
  );
});

test('runs that start in one second get directories of their own, even at once', async () => {
  const root = temporaryDirectory();
  const directories = await Promise.all([1, 2, 3, 4].map(() => createRunDirectory(root, 'a', NOW)));
  expect(directories.map((directory) => directory.slice(root.length + 1)).sort()).toEqual([
    'a-20240309T070501Z',
    'a-20240309T070501Z-2',
    'a-20240309T070501Z-3',
    'a-20240309T070501Z-4',
  ]);
});

test.each(['', '..', '../x', 'a/b', 'a\\b', '-a', 'a b', 'a\0', 'x'.repeat(129)])(
  'refuses the name %j',
  async (name) => {
    const root = temporaryDirectory();
    await expect(createRunDirectory(root, name, NOW)).rejects.toMatchObject({
      name: 'UserError',
      exitCode: 2,
    });
    expect(readdirSync(root)).toEqual([]);
  },
);

test('names a root that cannot be written', async () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  const below = join(file, 'runs');
  const error = await createRunDirectory(below, 'a', NOW).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as Error).message).toBe(
    `cannot write ${below}: a part of the path is a file, not a directory (ENOTDIR)`,
  );
});

/** A run directory with what `parts` say: a plan, a checkpoint. */
function addRun(
  root: string,
  directory: string,
  parts: readonly ('plan' | 'checkpoint')[] = ['plan', 'checkpoint'],
) {
  const { directory: path, plan, checkpoints } = runPaths(join(root, directory));
  mkdirSync(checkpoints, { recursive: true });
  if (parts.includes('plan')) writeFileSync(plan, '{}');
  if (parts.includes('checkpoint')) symlinkSync('step-00000001', join(checkpoints, 'last'));
  return path;
}

test('finds the newest run by the time in its name', async () => {
  const root = temporaryDirectory();
  addRun(root, 'a-20240309T070501Z');
  const newest = addRun(root, 'a-20240309T070502Z-10');
  addRun(root, 'a-20240309T070502Z-9');
  addRun(root, 'a-20240309T070502Z');
  addRun(root, 'a-20231231T235959Z'); // made last, but not the newest
  expect(await findLatestRun(root, 'a')).toEqual({ directory: newest, passedOver: [] });
});

test('a run without a checkpoint is passed over for one that has one, and taken where none has', async () => {
  const root = temporaryDirectory();
  const oldest = addRun(root, 'a-20240101T000000Z', ['plan']);
  const older = addRun(root, 'a-20240201T000000Z', ['plan']);
  expect(await findLatestRun(root, 'a')).toEqual({ directory: older, passedOver: [] });
  symlinkSync('step-00000001', join(oldest, 'checkpoints/last'));
  const newest = addRun(root, 'a-20240301T000000Z', ['plan']);
  expect(await findLatestRun(root, 'a')).toEqual({ directory: oldest, passedOver: [newest, older] });
});

test('what is no run of that name, or has no plan, does not count', async () => {
  const root = temporaryDirectory();
  expect(await findLatestRun(root, 'a')).toBeNull();
  expect(await findLatestRun(join(root, 'missing'), 'a')).toBeNull();
  addRun(root, 'a-b-20250101T000000Z');
  addRun(root, 'a-20250101T000000Z', ['checkpoint']);
  addRun(root, 'a-20250101T000000Z-copy');
  addRun(root, 'a-backup');
  writeFileSync(join(root, 'a-20250101T000001Z'), 'a file');
  symlinkSync('a-b-20250101T000000Z', join(root, 'a-20250101T000002Z'));
  expect(await findLatestRun(root, 'a')).toBeNull();
  const run = addRun(root, 'a-20240101T000000Z');
  expect(await findLatestRun(root, 'a')).toEqual({ directory: run, passedOver: [] });
});

test('lists the runs of every name, newest first, those without a time last', async () => {
  const root = temporaryDirectory();
  addRun(root, 'none-20260101T000000Z', []);
  const runs = ['b-20240309T070502Z-2', 'a-20240309T070502Z', 'a-20240309T070501Z', 'mine'];
  for (const run of runs.toReversed()) addRun(root, run);
  expect(await listRuns(root)).toEqual(runs.map((run) => join(root, run)));
  expect(await listRuns(join(root, 'missing'))).toEqual([]);
});

test('the paths are those of the contract', () => {
  expect(runPaths('runs/a')).toEqual({
    directory: 'runs/a',
    config: join('runs/a', 'config.yaml'),
    plan: join('runs/a', 'plan.json'),
    environment: join('runs/a', 'environment.json'),
    images: join('runs/a', 'images.jsonl'),
    unreadable: join('runs/a', 'unreadable.jsonl'),
    metrics: join('runs/a', 'metrics.jsonl'),
    checkpoints: join('runs/a', 'checkpoints'),
    features: join('runs/a', 'features'),
    predictions: join('runs/a', 'predictions.jsonl'),
    summary: join('runs/a', 'summary.json'),
    report: join('runs/a', 'report.html'),
  });
});
