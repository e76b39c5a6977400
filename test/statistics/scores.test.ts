import { describe, expect, test } from 'vitest';
import { type Classified, reliability, scoresOf } from '../../src/statistics/scores.js';
import { TestRandom } from '../helpers/random.js';

/** Probabilities from random logits; the labels are often the most probable class. */
function randomCase(seed: number, count: number, classes: number): Classified {
  const random = new TestRandom(seed);
  const logits = Float32Array.from(random.tensor([count, classes]).values);
  const rows = Array.from({ length: count }, (_, i) => {
    const powers = Array.from(logits.slice(i * classes, (i + 1) * classes), (x) => Math.exp(4 * x));
    const sum = powers.reduce((total, power) => total + power, 0);
    return powers.map((power) => Math.fround(power / sum));
  });
  const predicted = Int32Array.from(rows, (row) => row.indexOf(Math.max(...row)));
  const drawn = random.integers([count], 0, classes - 1).values;
  const labels = Int32Array.from(predicted, (label, i) => (i % 3 === 0 ? drawn[i]! : label));
  return { labels, predicted, probabilities: Float32Array.from(rows.flat()) };
}

describe.each([
  [1, 40, 7],
  [2, 25, 12],
  [3, 60, 3],
])('random case %i: %i images of %i classes', (seed, count, classes) => {
  const { labels, predicted, probabilities } = randomCase(seed, count, classes);
  const scores = scoresOf({ labels, predicted, probabilities });
  const all = Array.from({ length: count }, (_, image) => image);

  test('top-5 accuracy: the true class is among the first five of the sorted ones', () => {
    const hits = all.filter((image) => {
      const row = Array.from(probabilities.slice(image * classes, (image + 1) * classes));
      const order = row.map((_, label) => label).sort((a, b) => row[b]! - row[a]! || a - b);
      return order.slice(0, 5).includes(labels[image]!);
    });
    if (classes > 5) expect(scores.top5_accuracy).toBeCloseTo(hits.length / count, 12);
    else expect(scores).not.toHaveProperty('top5_accuracy');
  });

  test('the expected calibration error by its definition', () => {
    let error = 0;
    for (let bin = 0; bin < 15; bin++) {
      const within = all.filter((image) => {
        const confidence = probabilities[image * classes + predicted[image]!]!;
        return confidence > bin / 15 && confidence <= (bin + 1) / 15;
      });
      const right = within.filter((image) => labels[image] === predicted[image]).length;
      const sure = within.map((image) => probabilities[image * classes + predicted[image]!]!);
      error += Math.abs(right - sure.reduce((sum, confidence) => sum + confidence, 0)) / count;
    }
    expect(scores.calibration_error).toBeCloseTo(error, 6);
    expect(error).toBeGreaterThan(0.01);
  });

  test('balanced accuracy: the mean share of each class that is recognized', () => {
    const shares = [...new Set(labels)].map((label) => {
      const own = all.filter((image) => labels[image] === label);
      return own.filter((image) => predicted[image] === label).length / own.length;
    });
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(scores.balanced_accuracy).toBeCloseTo(mean, 12);
  });
});

test('a class that is never predicted counts as 0, one without images does not count in balanced accuracy', () => {
  // sklearn.metrics: balanced_accuracy_score 0.5; precision_score and f1_score, average="macro", zero_division=0
  const labels = Int32Array.from([0, 0, 0, 1, 1, 1]);
  const predicted = Int32Array.from([1, 1, 2, 1, 1, 1]);
  const probabilities = Float32Array.from(
    [...predicted].flatMap((label) => [0, 1, 2].map((c) => +(c === label))),
  );
  const scores = scoresOf({ labels, predicted, probabilities });
  expect(scores.balanced_accuracy).toBeCloseTo(0.5, 12);
  expect(scores.macro_precision).toBeCloseTo(0.2, 12);
  expect(scores.macro_f1).toBeCloseTo(0.25, 12);
  expect(scores.calibration_error).toBeCloseTo(0.5, 12);
});

test('of equal probabilities the first class comes first', () => {
  const probabilities = new Float32Array(2 * 8).fill(1 / 8);
  const labels = Int32Array.of(4, 5);
  expect(scoresOf({ labels, predicted: Int32Array.of(0, 0), probabilities }).top5_accuracy).toBe(0.5);
});

test('bins of confidence: from the least certain, their upper ends included, the empty ones left out', () => {
  const bins = reliability({
    labels: Int32Array.of(0, 1, 1, 1, 0),
    predicted: Int32Array.of(0, 0, 1, 1, 0),
    probabilities: Float32Array.of(0, 0.21, 0.25, 0.9, 1.0000001),
  });
  expect(bins.map(({ count, accuracy }) => [count, accuracy])).toEqual([
    [1, 1],
    [2, 0.5],
    [1, 1],
    [1, 1],
  ]);
  expect(bins[1]!.confidence).toBeCloseTo(0.23, 6);
});
