import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type EvaluationLine,
  MetricsLog,
  type TrainEpochLine,
  type TrainLine,
} from '../../src/logging/metrics_log.js';
import { readMetrics } from '../../src/logging/metrics_reader.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const TRAIN: TrainLine = {
  split: 'train',
  step: 1,
  epoch: 1,
  loss: 3,
  main_loss: 2,
  aux_loss: { head: 2.5 },
  accuracy: 0.5,
  learning_rate: 0.001,
  images_per_second: 100,
};
const EPOCH: TrainEpochLine = { ...TRAIN, split: 'train_epoch', step: 2, count: 50 };
const TEST: EvaluationLine = {
  split: 'test',
  step: 2,
  epoch: 1,
  loss: 2,
  accuracy: 0.3,
  correct: 3,
  count: 10,
};

function write(...lines: readonly object[]): string {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

test('reads back what the log wrote', async () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  const log = MetricsLog.open(path);
  const second = { step: 4, epoch: 2 };
  log.append(TRAIN);
  log.append({ ...TRAIN, step: 2, loss: Number.NaN, aux_loss: { head: 2.25 } });
  log.append(EPOCH);
  log.append(TEST);
  log.append({ ...EPOCH, ...second, images_per_second: 25 });
  log.append({ ...TEST, ...second, loss: 1, accuracy: 0.3 });
  log.close();
  const metrics = await readMetrics(path, ['head', 'other'], 'test');
  expect(metrics.steps.loss.points()).toEqual([{ x: 1, y: 3 }]);
  expect(metrics.steps.main_loss.points()).toEqual([
    { x: 1, y: 2 },
    { x: 2, y: 2 },
  ]);
  expect(metrics.steps.aux_loss.get('head')!.points()[1]).toEqual({ x: 2, y: 2.25 });
  expect(metrics.steps.aux_loss.get('other')!.points()).toEqual([]);
  expect(metrics.epochs.learning_rate.points().map(({ x }) => x)).toEqual([2, 4]);
  expect(metrics.evaluations.loss.points()).toEqual([
    { x: 2, y: 2 },
    { x: 4, y: 1 },
  ]);
  // Of two equally accurate evaluations, the first is the one whose weights are kept.
  expect(metrics.best).toEqual(TEST);
  expect(metrics.last).toEqual({ ...TEST, ...second, loss: 1 });
  expect(metrics.step).toBe(4);
  expect({ seconds: metrics.seconds, images: metrics.images }).toEqual({ seconds: 2.5, images: 100 });
});

test('an empty log', async () => {
  const metrics = await readMetrics(write(), [], 'test');
  expect(metrics).toMatchObject({
    best: null,
    last: null,
    step: 0,
    seconds: 0,
    file: { lines: 0, bytes: 0 },
  });
});

test('a last line that was cut short is left out', async () => {
  const path = write(TRAIN);
  appendFileSync(path, '{"split":"tra');
  const { file, step } = await readMetrics(path, [], 'test');
  expect({ cutShort: file.cutShort, lines: file.lines, step }).toEqual({ cutShort: true, lines: 1, step: 1 });
});

test.each([
  [{ ...TRAIN, split: 'valid' }, 'split: expected train, train_epoch, validation or test, got "valid"'],
  [
    { ...TRAIN, split: '__proto__' },
    'split: expected train, train_epoch, validation or test, got "__proto__"',
  ],
  [{}, 'split: expected train, train_epoch, validation or test, got undefined'],
  [{ ...TRAIN, loss: 'high', step: -1 }, 'step must be >= 0; loss must be number; loss must be null'],
  [{ ...TEST, accuracy: null }, 'accuracy must be number'],
])('%j: the line is named', async (line, problem) => {
  const path = write(TRAIN, line, TRAIN);
  await expect(readMetrics(path, [], 'test')).rejects.toThrow(`${path}:2: ${problem}`);
});
