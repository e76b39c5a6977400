import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { memorySource } from '../../src/data/source.js';
import { misclassified } from '../../src/pipeline/misclassified.js';

const facts = { classes: ['cat', 'dog', 'owl'], chosenOn: 'test' } as const;

/** `count` images of one grey pixel, whose value is their number; of every three the second and third are wrong. */
function example(count: number) {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const labels = Int32Array.from(numbers, () => 1);
  const source = memorySource({ channels: 1, height: 1, width: 1 }, Uint8Array.from(numbers), labels);
  const predictions = {
    labels,
    predicted: Int32Array.from(numbers, (index) => [1, 0, 2][index % 3]!),
    losses: Float32Array.from(numbers, (index) => (index % 10) + 1),
    probabilities: Float32Array.from(numbers.flatMap(() => [0.5, 0.125, 0.375])),
  };
  return { source, predictions };
}

test('those of the highest loss first, of equal ones the earlier', async () => {
  const { source, predictions } = example(12);
  const { picture, text } = await misclassified(source, predictions, facts);
  expect(text.split('\n')).toEqual([
    '8 of 12 images misclassified; those of the highest loss:',
    '',
    '| row | column | true class | predicted | its probability | of the true class | test image |',
    '|---|---|---|---|---|---|---|',
    '| 1 | 1 | dog | owl | 37.50 % | 12.50 % | 8 |',
    '| 1 | 2 | dog | cat | 50.00 % | 12.50 % | 7 |',
    '| 1 | 3 | dog | owl | 37.50 % | 12.50 % | 5 |',
    '| 1 | 4 | dog | cat | 50.00 % | 12.50 % | 4 |',
    '| 1 | 5 | dog | owl | 37.50 % | 12.50 % | 2 |',
    '| 1 | 6 | dog | cat | 50.00 % | 12.50 % | 1 |',
    '| 2 | 1 | dog | owl | 37.50 % | 12.50 % | 11 |',
    '| 2 | 2 | dog | cat | 50.00 % | 12.50 % | 10 |',
  ]);
  const { data, width } = decode(picture!.png);
  const centres = [0, 1].flatMap((row) =>
    [0, 1, 2, 3, 4, 5].map((column) => data[(52 + row * 100) * width + 52 + column * 100]),
  );
  expect(centres).toEqual([8, 7, 5, 4, 2, 1, 11, 10, 128, 128, 128, 128]);
});

test('24 of many', async () => {
  const { source, predictions } = example(99);
  const { picture, text } = await misclassified(source, predictions, facts);
  expect(text).toMatch(/^66 of 99 images/);
  expect(text.split('\n')).toHaveLength(4 + 24);
  expect(picture).toMatchObject({ width: 604, height: 404 });
});

test('none', async () => {
  const { source, predictions } = example(1);
  expect(await misclassified(source, predictions, facts)).toEqual({
    picture: null,
    text: '0 of 1 images misclassified',
  });
});
