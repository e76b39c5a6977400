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

test('a class that is never predicted has recall 0 and no precision', () => {
  expect(
    classScores([
      [0, 3],
      [0, 1],
    ]),
  ).toEqual([
    { support: 3, precision: null, recall: 0, f1: 0 },
    { support: 1, precision: 0.25, recall: 1, f1: 0.4 },
  ]);
});

test('the macro average is over the classes that have a value', () => {
  expect(macroMean([0.5, null, 1])).toBe(0.75);
  expect(macroMean([null])).toBeNull();
});
