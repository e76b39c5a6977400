import { expect, it } from 'vitest';
import { constant } from '../../../src/registry/schedules/constant.js';

it.each([0, 5, 99])('factor at step %d: 1', (step) => {
  const horizon = { stepsPerEpoch: 10, totalSteps: 100, warmupSteps: 0 };
  expect(constant.factor({ type: 'constant', warmup_epochs: 0 }, step, horizon)).toBe(1);
});
