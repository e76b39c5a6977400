import { expect, test } from 'vitest';
import { memorySource } from '../../src/data/source.js';
import { evaluate, toStored } from '../../src/pipeline/evaluation.js';
import { progressText } from '../../src/terminal/progress_line.js';
import type { Progress } from '../../src/terminal/stage.js';
import { fakeProgram } from '../helpers/fake_program.js';

/** Five images of one pixel; image i has value 10 · i and label i. */
const source = memorySource(
  { channels: 1, height: 1, width: 1 },
  Uint8Array.of(0, 10, 20, 30, 40),
  Int32Array.of(0, 1, 2, 3, 4),
);
const never = async () => false;

/** Loss: a tenth of the pixel. Predicts class 0, 3, 3, 3, 3 of five, with a probability of 0.6. */
const answerTo = (pixel: number) => (pixel === 0 ? 0 : 3);
const probabilitiesOf = (pixel: number) =>
  [0, 1, 2, 3, 4].map((label) => (label === answerTo(pixel) ? 0.6 : 0.1));
const program = () =>
  fakeProgram({
    evaluate: ({ images }) => ({
      losses: Float32Array.from(images, (x) => x / 10),
      predicted: Int32Array.from(images, answerTo),
      probabilities: Float32Array.from([...images].flatMap(probabilitiesOf)),
    }),
  });

test('means over all images in order, the partial last batch among them', async () => {
  const shown: Progress[] = [];
  const output = { progress: (progress: Progress) => shown.push(progress), line: () => {} };
  const reader = program();
  expect(await evaluate(reader, source, 2, output, never)).toEqual({
    result: { loss: (0 + 1 + 2 + 3 + 4) / 5, accuracy: 2 / 5, correct: 2, count: 5 },
    predictions: {
      labels: source.labels,
      losses: Float32Array.of(0, 1, 2, 3, 4),
      predicted: Int32Array.of(0, 3, 3, 3, 3),
      probabilities: Float32Array.from([0, 10, 20, 30, 40].flatMap(probabilitiesOf)),
    },
    scores: {
      balanced_accuracy: 2 / 5,
      macro_precision: (1 + 1 / 4) / 5,
      macro_f1: (1 + 2 / 5) / 5,
      calibration_error: expect.closeTo(0.2, 6),
    },
    seconds: expect.any(Number),
  });
  expect(reader.calls).toEqual(['evaluate 2 images', 'evaluate 2 images', 'evaluate 1 images']);
  expect(shown).toHaveLength(3);
  expect(shown.map(({ share }) => share)).toEqual([0.4, 0.8, 1]);
  expect(progressText(shown[1]!)).toMatch(/^evaluated 4\/5 images, accuracy 50\.00 %, [\d.]+ images\/s$/);
});

test('null where the user asks to stop, after the batch under way', async () => {
  const output = { progress: () => {}, line: () => {} };
  const reader = program();
  let asked = 0;
  const stopRequested = async () => ++asked === 2;
  expect(await evaluate(reader, source, 2, output, stopRequested)).toBeNull();
  expect(reader.calls).toHaveLength(2);
});

test('of the probabilities, that of the predicted class is kept', () => {
  const labels = Int32Array.of(0, 2);
  const predicted = Int32Array.of(1, 2);
  const losses = Float32Array.of(1, 2);
  const probabilities = Float32Array.of(0.25, 0.625, 0.125, 0.25, 0.25, 0.5);
  expect(toStored({ labels, predicted, losses, probabilities })).toEqual({
    labels,
    predicted,
    losses,
    probabilities: Float32Array.of(0.625, 0.5),
  });
});
