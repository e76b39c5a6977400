import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type EvaluationLine,
  MetricsLog,
  type TrainEpochLine,
  type TrainLine,
} from '../../src/logging/metrics_log.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const TRAIN: TrainLine = {
  split: 'train',
  step: 1,
  epoch: 1,
  loss: 0.1 + 0.2,
  main_loss: 1 / 3,
  aux_loss: { aux_classifier: 5e-324 },
  accuracy: 0.5,
  learning_rate: 1e-3,
  images_per_second: 123.4,
};
const EPOCH: TrainEpochLine = { ...TRAIN, split: 'train_epoch', count: 50000 };
const TEST: EvaluationLine = {
  split: 'test',
  step: 1,
  epoch: 1,
  loss: 2,
  accuracy: 0.1,
  correct: 1,
  count: 10,
};

function readLines(path: string): unknown[] {
  const text = readFileSync(path, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('one object a line, whose numbers read back to the bit, there as soon as appended', () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  const log = MetricsLog.open(path);
  log.append(TRAIN);
  expect(readLines(path)).toEqual([TRAIN]);
  log.append(EPOCH);
  log.append(TEST);
  expect(log.length()).toBe(readFileSync(path).length);
  expect(readLines(path)).toEqual([TRAIN, EPOCH, TEST]);
  expect(readFileSync(path, 'utf8')).toMatch(
    /^\{"split":"train","step":1,"epoch":1,"loss":0\.30000000000000004,/,
  );
  log.close();
});

test('a resumed run writes what the uninterrupted one would have written', () => {
  const directory = temporaryDirectory();
  const [whole, resumed] = [join(directory, 'whole'), join(directory, 'resumed')];
  const line = (step: number) => ({ ...TRAIN, step });
  const uninterrupted = MetricsLog.open(whole);
  for (const step of [1, 2, 3, 4]) uninterrupted.append(line(step));
  uninterrupted.close();

  const killed = MetricsLog.open(resumed);
  for (const step of [1, 2]) killed.append(line(step));
  const truncateTo = killed.length();
  killed.append(line(3));
  killed.close();
  const log = MetricsLog.open(resumed, { truncateTo });
  expect(readLines(resumed)).toEqual([line(1), line(2)]);
  for (const step of [3, 4]) log.append(line(step));
  log.close();
  expect(readFileSync(resumed)).toEqual(readFileSync(whole));
});

test('refuses a log shorter than the checkpoint says', () => {
  const path = join(temporaryDirectory(), 'metrics.jsonl');
  const log = MetricsLog.open(path);
  log.append(TEST);
  const bytes = log.length();
  log.close();
  expect(() => MetricsLog.open(path, { truncateTo: bytes + 1 })).toThrow(
    `${path}: expected at least the ${bytes + 1} bytes that the checkpoint recorded, got ${bytes} bytes`,
  );
  expect(readLines(path)).toEqual([TEST]);
});
