import { expect, onTestFinished, test } from 'vitest';
import { Recorder } from '../../src/pipeline/recorder.js';
import { runPaths } from '../../src/storage/run_directory.js';
import { eventPoints, metricsLines } from '../helpers/run_results.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const train = (step: number) =>
  ({
    split: 'train',
    step,
    epoch: 1,
    loss: 2.5,
    main_loss: 2,
    aux_loss: { head_a: 0.75, head_b: 0.5 },
    accuracy: 0.125,
    learning_rate: 0.5,
    images_per_second: 64,
  }) as const;
const EPOCH = { ...train(2), split: 'train_epoch', loss: 1.5, accuracy: 0.25, count: 52 } as const;
const TEST = { split: 'test', step: 2, epoch: 1, loss: 1.25, accuracy: 0.375, correct: 3, count: 8 } as const;

const TRAIN_POINTS = (step: number) => [
  `loss/train ${step} 2.5`,
  `loss/train_main ${step} 2`,
  `loss/train_head_a ${step} 0.75`,
  `loss/train_head_b ${step} 0.5`,
  `accuracy/train ${step} 0.125`,
  `learning_rate ${step} 0.5`,
  `images_per_second/train ${step} 64`,
];

test('the same numbers go to both logs', () => {
  const paths = runPaths(temporaryDirectory());
  const recorder = Recorder.open(paths, null);
  onTestFinished(() => recorder.close());
  recorder.train(train(1));
  recorder.epoch(EPOCH, TEST);
  expect(metricsLines(paths.directory)).toEqual([train(1), EPOCH, TEST]);
  expect(eventPoints(paths.directory)).toEqual([
    ...TRAIN_POINTS(1),
    'loss/train_epoch 2 1.5',
    'loss/test 2 1.25',
    'accuracy/train_epoch 2 0.25',
    'accuracy/test 2 0.375',
    'images_per_second/train_epoch 2 64',
  ]);
});

test('both go on where a checkpoint left them, each step once', () => {
  const paths = runPaths(temporaryDirectory());
  const killed = Recorder.open(paths, null);
  killed.train(train(1));
  const position = killed.position();
  killed.train(train(2));
  killed.train(train(3));
  killed.close();
  const recorder = Recorder.open(paths, position);
  onTestFinished(() => recorder.close());
  recorder.train(train(2));
  expect(metricsLines(paths.directory)).toEqual([train(1), train(2)]);
  expect(eventPoints(paths.directory)).toEqual([...TRAIN_POINTS(1), ...TRAIN_POINTS(2)]);
});
