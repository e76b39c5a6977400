import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { evaluateCheckpoint } from '../../src/inference/evaluate_checkpoint.js';
import type { Split } from '../../src/registry/datasets/facts.js';
import { compareRuns, openRuns } from '../../src/runs/compare.js';
import { eventPoints, metricsLines, readJson } from '../helpers/run_results.js';
import { SPLIT } from '../helpers/tiny_config.js';
import { trainTiny } from '../helpers/train_tiny.js';

vi.mock('../../src/terminal/screen.js', () => import('../helpers/plain_stages.js'));

const directory = mkdtempSync(join(tmpdir(), 'gnet-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const run = join(directory, 'run');

/** Grey images that are not square, of which a fifth is set apart. */
beforeAll(() => trainTiny(run, { dataset: { ...SPLIT.dataset, size: [24, 40], channels: 1 } }));

const linesOf = (split: string) => metricsLines(run).filter((line) => line.split === split);

test('each epoch is evaluated on validation images, the test set once at the end with the best weights', () => {
  expect(linesOf('train_epoch').map(({ count }) => count)).toEqual([52, 52]);
  expect(linesOf('validation').map(({ epoch, count }) => [epoch, count])).toEqual([
    [1, 13],
    [2, 13],
  ]);
  const best = linesOf('validation').toSorted((a, b) => Number(b.accuracy) - Number(a.accuracy))[0]!;
  expect(linesOf('test')).toMatchObject([{ epoch: best.epoch, step: best.step, count: 20 }]);
  expect(metricsLines(run).at(-1)).toEqual(linesOf('test')[0]);
  const { split: _, step: __, epoch: ___, ...result } = linesOf('test')[0]!;
  expect(readJson(join(run, 'summary.json'))).toMatchObject({
    chosen_on: 'validation',
    best: { epoch: best.epoch, accuracy: best.accuracy, loss: best.loss },
    test: result,
  });
  const points = eventPoints(run).map((point) => point.split(' ').slice(0, 2).join(' '));
  expect(points.filter((point) => /^accuracy\/(validation|test)/.test(point))).toEqual([
    ...['accuracy/validation 7', 'accuracy/validation_best 7'],
    ...['accuracy/validation 14', 'accuracy/validation_best 14'],
    `accuracy/test ${best.step}`,
  ]);
});

test('plan.json and checkpoints keep what is known of the data', () => {
  const facts = {
    image: { channels: 1, height: 24, width: 40 },
    count: { train: 52, validation: 13, test: 20 },
    chosenOn: 'validation',
  };
  expect(readJson(join(run, 'plan.json')).dataset).toMatchObject(facts);
  expect(readJson(join(run, 'checkpoints/best/state.json')).dataset).toMatchObject(facts);
});

test.each<[Split, number]>([
  ['train', 52],
  ['validation', 13],
  ['test', 20],
])('gnet eval --split %s', async (split, count) => {
  const result = await evaluateCheckpoint({ source: run, split, backend: undefined, threads: 1 });
  expect(result).toMatchObject({ split, count });
  expect(result).not.toHaveProperty('chosen_on');
  if (split === 'train') return;
  const line = linesOf(split).find(({ step }) => step === result.step)!;
  expect(result).toMatchObject({ loss: line.loss, correct: line.correct });
});

test('runs that were not chosen alike: compare says so', async () => {
  const onTest = join(directory, 'on_test');
  await trainTiny(onTest);
  const { runs, notes } = compareRuns(await openRuns([run, onTest]));
  expect(runs.map(({ chosen_on }) => chosen_on)).toEqual(['validation', 'test']);
  expect(notes[0]).toBe(
    `Chosen on the test set: the figure is optimistic (${onTest}). The others were chosen on validation images: the test accuracies are not measured alike.`,
  );
  const request = { backend: undefined, threads: 1 };
  expect(await evaluateCheckpoint({ source: onTest, split: 'test', ...request })).toMatchObject({
    chosen_on: 'test',
  });
  await expect(evaluateCheckpoint({ source: onTest, split: 'validation', ...request })).rejects.toThrow(
    'the run has no validation split',
  );
});
