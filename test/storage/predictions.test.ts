import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPredictions, writePredictions } from '../../src/storage/predictions.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const PREDICTIONS = {
  labels: Int32Array.from([3, 0, 2]),
  predicted: Int32Array.from([3, 1, 2]),
  probabilities: Float32Array.from([0.1 + 0.2, 1, 1 / 3]),
  losses: Float32Array.from([1e-7, 0, 12.345678]),
};
const LINE = { index: 0, label: 1, predicted: 2, probability: 0.5, loss: 1 };

test('read back to the bit', async () => {
  const path = join(temporaryDirectory(), 'predictions.jsonl');
  await writePredictions(path, PREDICTIONS);
  expect(await readPredictions(path, 3, 4)).toEqual(PREDICTIONS);
  const [first] = readFileSync(path, 'utf8').split('\n');
  expect(JSON.parse(first!)).toEqual({
    index: 0,
    label: 3,
    predicted: 3,
    probability: 0.300000012,
    loss: 1.00000001e-7,
  });
});

test.each([
  [[{ ...LINE, index: 1 }], ':1: index: expected 0, got 1'],
  [[LINE, { ...LINE, index: 1, label: 4 }], ':2: label: expected a class from 0 to 3, got 4'],
  [[{ ...LINE, predicted: 9 }], ':1: predicted: expected a class from 0 to 3, got 9'],
  [[{ ...LINE, probability: 2 }], ':1: probability must be <= 1.0001'],
  [[{ ...LINE, loss: null }], ':1: loss must be number'],
  [
    [LINE, { ...LINE, index: 1 }, { ...LINE, index: 2 }],
    ':3: expected the 2 images of the test set, got one more',
  ],
  [[LINE], ': expected the 2 images of the test set, the file ends after 1'],
])('%j', async (lines, message) => {
  const path = join(temporaryDirectory(), 'predictions.jsonl');
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await expect(readPredictions(path, 2, 4)).rejects.toThrow(`${path}${message}`);
});

test('a file that was cut short', async () => {
  const path = join(temporaryDirectory(), 'predictions.jsonl');
  await writePredictions(path, PREDICTIONS);
  truncateSync(path, readFileSync(path).length - 5);
  await expect(readPredictions(path, 3, 4)).rejects.toThrow('the file ends after 2');
});
