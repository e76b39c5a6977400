import { expect, test } from 'vitest';
import { learningRate } from '../../src/model/learning_rate.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

test('the optimizer’s rate times the factor of the schedule', () => {
  // Half an epoch of 7 steps is a warm-up of 4; the other 10 go down along half a cosine.
  const plan = tinyPlan({ optimizer: { type: 'sgd', learning_rate: 0.5 } });
  const rates = Array.from({ length: 14 }, (_, step) => learningRate(plan, step));
  const cosine = (step: number) => 0.25 * (1 + Math.cos((Math.PI * step) / 10));
  const expected = [0.125, 0.25, 0.375, 0.5, ...Array.from({ length: 10 }, (_, step) => cosine(step))];
  for (const [step, rate] of expected.entries()) expect(rates[step]).toBeCloseTo(rate, 12);
});
