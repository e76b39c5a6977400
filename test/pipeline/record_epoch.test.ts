import { expect, test } from 'vitest';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch, Masks } from '../../src/model/program.js';
import { type Position, START } from '../../src/pipeline/progress.js';
import { recordEpoch } from '../../src/pipeline/record_epoch.js';
import { fakeProgram } from '../helpers/fake_program.js';
import { dataOf, tinyPlan } from '../helpers/tiny_plan.js';

const totals = { count: 52, correct: 13, seconds: 4, loss: 104, main_loss: 52, 'aux_loss.head': 26 };
const scores = { balanced_accuracy: 0.3, macro_precision: 0.2, macro_f1: 0.1, calibration_error: 0.5 };
const result = { loss: 3, accuracy: 0.25, correct: 5, count: 20 };

/** Records epoch 2; the best so far is `best`. */
async function record(options: { every?: number | null; best?: number; finished?: boolean } = {}) {
  const { every = 1, best = 2, finished = false } = options;
  const plan = tinyPlan({ tensorboard: { histograms_every_epochs: every } });
  const data = await dataOf(plan);
  const tensor = (value: number) => new Map([['fc.bias', { shape: [1], data: Float32Array.of(value) }]]);
  const given: { batch: Batch; masks: Masks }[] = [];
  const program = {
    ...fakeProgram({
      state: { parameters: tensor(1), buffers: new Map(), slots: new Map() },
      backward: (batch, masks) => {
        given.push({ batch, masks });
        return { loss: 1, mainLoss: 1, auxLoss: {}, correct: 0 };
      },
    }),
    gradients: async () => tensor(2),
  };
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...values: unknown[]) =>
      calls.push([name, ...values]);
  const recorder = {
    epoch: note('epoch'),
    misclassified: note('misclassified'),
    histograms: note('histograms'),
    finish: note('finish'),
  };
  const ended: Position = { ...START, epoch: 2, step: 14, step_in_epoch: 7, epoch_totals: totals };
  const evaluation = { epoch: best, step: 7 * best, loss: 3, accuracy: 0.25 };
  const predictions = {
    labels: data.test.labels,
    predicted: data.test.labels.map((label) => (label === 0 ? 1 : label)),
    losses: new Float32Array(20),
    probabilities: new Float32Array(20 * 8),
  };
  const epoch = await recordEpoch(
    { plan, program, data, inputs: data, recorder },
    ended,
    { ...ended, best: evaluation, finished },
    { result, scores, predictions, seconds: 1.5, isAverage: false },
  );
  return { plan, data, epoch, calls, given, evaluation };
}

test('the means, the evaluation and the best so far', async () => {
  const { epoch, calls, evaluation } = await record({ every: null, best: 1 });
  const means = { loss: 2, main_loss: 1, aux_loss: { head: 0.5 }, accuracy: 0.25, images_per_second: 13 };
  expect(epoch).toEqual({
    epoch: 2,
    epochs: 2,
    train: { ...means, count: 52 },
    split: 'test',
    result,
    seconds: 5.5,
    isBest: false,
  });
  const at = { step: 14, epoch: 2 };
  expect(calls).toEqual([
    [
      'epoch',
      { split: 'train_epoch', ...at, ...means, count: 52, learning_rate: expect.any(Number) },
      { split: 'test', ...at, ...result, scores },
      evaluation,
    ],
  ]);
});

test('what the best model misclassifies', async () => {
  const { calls, data, epoch } = await record({ every: null });
  const zeros = data.test.labels.filter((label) => label === 0).length;
  expect(epoch.isBest).toBe(true);
  expect(calls.slice(1)).toEqual([
    ['misclassified', { picture: expect.anything(), text: expect.stringMatching(`^${zeros} of 20 `) }, 14],
  ]);
});

test('histograms: the weights, and the gradients of the first images as they are stored', async () => {
  const { calls, given, data, plan } = await record({ best: 1, finished: true });
  expect(calls.slice(1)).toEqual([
    ['histograms', 'weights', new Map([['fc.bias', { shape: [1], data: Float32Array.of(1) }]]), 14],
    ['histograms', 'gradients', new Map([['fc.bias', { shape: [1], data: Float32Array.of(2) }]]), 14],
    ['finish', 14],
  ]);
  expect(given).toHaveLength(1);
  const { batch, masks } = given[0]!;
  expect(batch.images).toEqual(await data.train.read(Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7)));
  expect(batch.labels).toEqual(data.train.labels.slice(0, 8));
  expect(masks).toEqual(drawMasks(plan, 2, 0, 8));
});

test.each([
  [1, 2],
  [2, 2],
  [3, 0],
  [null, 0],
])('every %j epochs: %d histograms after the second', async (every, expected) => {
  const { calls } = await record({ every });
  expect(calls.filter(([name]) => name === 'histograms')).toHaveLength(expected);
});
