import { expect, test } from 'vitest';
import { elements } from '../src/shape.js';

test.each([
  [[], 1],
  [[7], 7],
  [[2, 3, 4], 24],
  [[5, 0, 3], 0],
])('%j has %i values', (shape, count) => {
  expect(elements(shape)).toBe(count);
});
