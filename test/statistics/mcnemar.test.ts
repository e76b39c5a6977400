import { expect, test } from 'vitest';
import { binomialTwoSided, mcnemar } from '../../src/statistics/mcnemar.js';

// scipy 1.17.1: stats.binomtest(min(a, b), a + b, 0.5).pvalue
test.each([
  [1, 0, 1],
  [5, 5, 1],
  [2, 8, 0.109375],
  [10, 25, 0.016673847800120715],
  [121, 59, 4.4344492637551645e-6],
  [300, 420, 8.807756168615114e-6],
  [1200, 1000, 2.1817026407914194e-5],
  [3000, 900, 3.8853869325439287e-261],
  [0, 40, 1.8189894035458565e-12],
])('%i against %i images: p = %d', (a, b, expected) => {
  expect(Math.abs(binomialTwoSided(a, b) / expected - 1)).toBeLessThan(1e-10);
  expect(binomialTwoSided(b, a)).toBe(binomialTwoSided(a, b));
});

test('no image on which they differ is no evidence', () => {
  expect(binomialTwoSided(0, 0)).toBe(1);
});

test('counts who is right where', () => {
  const first = [true, true, true, false, false, true];
  const second = [true, false, false, true, false, false];
  expect(mcnemar(first, second)).toEqual({
    both_right: 1,
    only_first: 3,
    only_second: 1,
    both_wrong: 1,
    p_value: 0.625,
  });
  expect(() => mcnemar([true], [])).toThrow('1 and 0 images');
});
