import { expect, test } from 'vitest';
import { chooseThreshold, parseThreshold } from '../../src/inference/threshold.js';

/** Validation images by the probability of their predicted class, and whether it is right. */
function predictions(images: readonly (readonly [probability: number, right: boolean])[]) {
  return {
    labels: Int32Array.from(images, ([, right]) => Number(!right)),
    predicted: new Int32Array(images.length),
    probabilities: Float32Array.from(images, ([probability]) => probability),
    losses: new Float32Array(images.length),
  };
}

test('the lowest threshold with 95 % right above it, over a mistake among the most certain', () => {
  const right = (count: number, probability: number) =>
    Array.from({ length: count }, () => [probability, true] as const);
  const images = [[0.25, false] as const, ...right(10, 0.5), ...right(18, 0.75), [0.875, false] as const];
  // From 0.875: 0 of 1; from 0.75: 18 of 19, 94.7 %; from 0.5: 28 of 29; all: 28 of 30.
  expect(chooseThreshold(predictions(images))).toBe(0.5);
  expect(() => chooseThreshold(predictions([[0.5, false]]))).toThrow(/there is none$/);
});

test('images of one probability are above a threshold together', () => {
  expect(() =>
    chooseThreshold(
      predictions([
        [0.5, true],
        [0.5, false],
      ]),
    ),
  ).toThrow(/there is none$/);
});

test.each(['', '1.5', '-1', 'half', 'NaN'])('--threshold %j is refused', (text) => {
  expect(() => parseThreshold(text)).toThrow(
    /^--threshold: expected a probability from 0 to 1, or auto, got /,
  );
});
