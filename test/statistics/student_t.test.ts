import { expect, test } from 'vitest';
import { tCritical, tTwoSided } from '../../src/statistics/student_t.js';

// scipy 1.17.1: 2 * stats.t.sf(t, degrees)
test.each([
  [0, 3, 1],
  [0.001, 2.5, 0.9992763827207849],
  [0.5, 1, 0.7048327646991335],
  [2, 1, 0.2951672353008665],
  [2.5, 4, 0.06676654481198814],
  [1.96, 1000, 0.050273184955748736],
  [12, 7.3, 4.55578522957055e-6],
  [40, 3, 3.4380680789158506e-5],
])('P(|T| ≥ %d) with %d degrees of freedom', (t, degrees, expected) => {
  expect(Math.abs(tTwoSided(t, degrees) / expected - 1)).toBeLessThan(1e-10);
  expect(tTwoSided(-t, degrees)).toBe(tTwoSided(t, degrees));
});

// scipy 1.17.1: stats.t.isf(p / 2, degrees)
test.each([
  [0.05, 1, 12.706204736174705],
  [0.05, 2, 4.302652729749464],
  [0.05, 4, 2.7764451051977943],
  [0.05, 9, 2.2621571627982053],
  [0.05, 30, 2.042272456301238],
  [0.01, 3.7, 4.869252253227829],
  [0.05, 1e6, 1.9599663568141072],
])('critical value for p = %d and %d degrees of freedom', (p, degrees, expected) => {
  expect(Math.abs(tCritical(p, degrees) / expected - 1)).toBeLessThan(1e-9);
});
