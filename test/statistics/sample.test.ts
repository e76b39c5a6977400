import { expect, test } from 'vitest';
import { describeSample, welch } from '../../src/statistics/sample.js';

const A = [0.951, 0.948, 0.957, 0.944, 0.949];
const B = [0.962, 0.955, 0.961];

test('mean, deviation and confidence interval, as numpy and scipy 1.17.1 have them', () => {
  const a = describeSample(A);
  expect(a.count).toBe(5);
  expect(a.mean).toBeCloseTo(0.9498, 12);
  expect(a.deviation).toBeCloseTo(0.004764451699828642, 12);
  expect(a.interval[0]).toBeCloseTo(0.943884151853142, 10);
  expect(a.interval[1]).toBeCloseTo(0.955715848146858, 10);
  const b = describeSample(B);
  expect(b.interval[0]).toBeCloseTo(0.9499285397444158, 10);
  expect(b.interval[1]).toBeCloseTo(0.9687381269222507, 10);
  expect(() => describeSample([1])).toThrow('1 values: expected at least two');
});

test("Welch's test, as scipy.stats.ttest_ind(B, A, equal_var=False) has it", () => {
  const { difference, interval, t, degrees, p_value } = welch(describeSample(A), describeSample(B))!;
  expect(difference).toBeCloseTo(0.009533333333333, 12);
  expect(t).toBeCloseTo(3.123119515291869, 10);
  expect(degrees).toBeCloseTo(5.240762154786897, 10);
  expect(p_value).toBeCloseTo(0.0245547383697304, 10);
  expect(interval[0]).toBeCloseTo(0.001793817744475023, 10);
  expect(interval[1]).toBeCloseTo(0.017272848922191542, 10);
});

test('groups that do not vary cannot be tested', () => {
  const same = describeSample([0.5, 0.5]);
  expect(same.interval).toEqual([0.5, 0.5]);
  expect(welch(same, describeSample([0.6, 0.6]))).toBeNull();
  expect(welch(same, describeSample([0.6, 0.7]))?.degrees).toBe(1);
});
