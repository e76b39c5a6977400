import { expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import { withBalancedClasses } from '../../src/data/class_weights.js';
import { minimalConfig } from '../config/minimal_config.js';

const planOf = (class_weights: unknown) =>
  planFromResolved(minimalConfig({ loss: { type: 'cross_entropy', class_weights } }), 'test');

it('balanced weights are n / (K · n_c)', () => {
  // compute_class_weight('balanced', …) of scikit-learn for 1, 2 … 8 images of the 8 classes: 36 / (8 · n_c).
  const labels = Int32Array.from(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((count, label) => Array(count).fill(label)),
  );
  const { classWeights } = withBalancedClasses(planOf('balanced'), labels);
  const expected = [4.5, 2.25, 1.5, 1.125, 0.9, 0.75, 4.5 / 7, 0.5625];
  for (const [label, weight] of expected.entries()) expect(classWeights![label]).toBeCloseTo(weight, 12);
});

it('a list is what it is, and none is none', () => {
  const list = [1, 2, 3, 4, 5, 6, 7, 8];
  expect(withBalancedClasses(planOf(list), Int32Array.of(0)).classWeights).toEqual(list);
  expect(withBalancedClasses(planOf(null), Int32Array.of(0)).classWeights).toBeNull();
});

it('a class without images has no balanced weight', () => {
  expect(() => withBalancedClasses(planOf('balanced'), Int32Array.of(0, 1, 2, 3, 4, 6, 7))).toThrow(
    /expected a training image of each class, got none of \w+/,
  );
});
