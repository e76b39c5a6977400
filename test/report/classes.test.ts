import { expect, test } from 'vitest';
import { classResults } from '../../src/report/classes.js';

function predictionsOf(pairs: readonly (readonly [number, number])[]) {
  return {
    labels: Int32Array.from(pairs, ([label]) => label),
    predicted: Int32Array.from(pairs, ([, predicted]) => predicted),
    probabilities: new Float32Array(pairs.length),
    losses: new Float32Array(pairs.length),
  };
}

/** The cells of each row of the tables, as text. */
function rows(text: string): string[][] {
  return [...text.matchAll(/<tr[^>]*>(.*?)<\/tr>/gs)].map(([, row]) =>
    [...row!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => cell!.replace(/<[^>]+>/g, '')),
  );
}

test('the confusion matrix, the scores and the pairs confused most often', () => {
  const predictions = predictionsOf([
    [0, 0],
    [0, 0],
    [0, 1],
    [0, 1],
    [1, 1],
    [1, 0],
  ]);
  const { text } = classResults(predictions, ['<cat>', 'dog']);
  expect(rows(text)).toEqual([
    ['true \\ predicted', '&lt;cat&gt;', 'dog'],
    ['&lt;cat&gt;', '2', '2'],
    ['dog', '1', '1'],
    ['class', 'precision', 'recall', 'F1', 'images'],
    ['&lt;cat&gt;', '0.667', '0.500', '0.571', '4'],
    ['dog', '0.333', '0.500', '0.400', '2'],
    ['mean of classes', '0.500', '0.500', '0.486', '6'],
    ['true class', 'taken for', 'images', 'of the class'],
    ['&lt;cat&gt;', 'dog', '2', '50.00 %'],
    ['dog', '&lt;cat&gt;', '1', '50.00 %'],
  ]);
  expect(text).toContain(
    '<td class="hit" style="--share: 0.500">2</td><td class="miss" style="--share: 0.707">2</td>',
  );
});

test('a class that is never predicted counts as 0 in the means', () => {
  const predictions = predictionsOf([
    [0, 0],
    [1, 0],
  ]);
  const { text } = classResults(predictions, ['cat', 'dog']);
  expect(rows(text)).toContainEqual(['dog', '0.000', '0.000', '0.000', '1']);
  expect(rows(text)).toContainEqual(['mean of classes', '0.250', '0.500', '0.333', '2']);
});

test('many classes are set smaller', () => {
  const classes = Array.from({ length: 100 }, (_, index) => `class ${index}`);
  const { text } = classResults(predictionsOf([[0, 0]]), classes);
  expect(text).toContain('<table class="confusion many">');
  expect(rows(text)).toContainEqual(['class 99', '–', '–', '–', '0']);
  expect(text).not.toContain('taken for');
});
