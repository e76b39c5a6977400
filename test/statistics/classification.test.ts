import { expect, test } from 'vitest';
import { classScores, confusionMatrix, macroMean } from '../../src/statistics/classification.js';

const LABELS = Int32Array.from([0, 0, 0, 0, 1, 1, 1, 2, 2, 2]);
const PREDICTED = Int32Array.from([0, 0, 1, 2, 1, 1, 0, 0, 2, 2]);

test('counts images by true and predicted class', () => {
  expect(confusionMatrix(LABELS, PREDICTED, 4)).toEqual([
    [2, 1, 1, 0],
    [1, 2, 0, 0],
    [1, 0, 2, 0],
    [0, 0, 0, 0],
  ]);
});

test('the scores of each class, as scikit-learn computes them', () => {
  // sklearn.metrics.precision_recall_fscore_support(labels, predicted)
  expect(classScores(confusionMatrix(LABELS, PREDICTED, 4))).toEqual([
    { support: 4, precision: 0.5, recall: 0.5, f1: 0.5 },
    { support: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
    { support: 3, precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
    { support: 0, precision: null, recall: null, f1: null },
  ]);
});

test('a class that is never predicted has precision 0, and one without images recall 0', () => {
  expect(
    classScores([
      [0, 3, 0],
      [0, 1, 1],
      [0, 0, 0],
    ]),
  ).toEqual([
    { support: 3, precision: 0, recall: 0, f1: 0 },
    { support: 2, precision: 0.25, recall: 0.5, f1: 1 / 3 },
    { support: 0, precision: 0, recall: 0, f1: 0 },
  ]);
});

test('the macro averages are those of scikit-learn', () => {
  // sklearn.metrics.precision_recall_fscore_support([0] * 3 + [1] * 3, [1, 1, 2, 1, 1, 1], average="macro",
  // zero_division=0), with a fourth class that is in neither list
  const labels = Int32Array.from([0, 0, 0, 1, 1, 1]);
  const predicted = Int32Array.from([1, 1, 2, 1, 1, 1]);
  const scores = classScores(confusionMatrix(labels, predicted, 4));
  expect(macroMean(scores.map(({ precision }) => precision))).toBeCloseTo(0.2, 15);
  expect(macroMean(scores.map(({ recall }) => recall))).toBeCloseTo(1 / 3, 15);
  expect(macroMean(scores.map(({ f1 }) => f1))).toBeCloseTo(0.25, 15);
});

test('the macro average is over the classes that have a value', () => {
  expect(macroMean([0.5, null, 1])).toBe(0.75);
  expect(macroMean([null])).toBeNull();
});
