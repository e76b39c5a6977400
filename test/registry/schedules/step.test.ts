import { describe, expect, it } from 'vitest';
import { step } from '../../../src/registry/schedules/step.js';

const options = { type: 'step', warmup_epochs: 0, step_epochs: 3, gamma: 0.1 } as const;
const horizon = { stepsPerEpoch: 7, totalSteps: 70, warmupSteps: 0 };

describe('step', () => {
  it.each([
    ['the first step', 0, 1],
    ['the last step of epoch 3', 20, 1],
    ['the first step of epoch 4', 21, 0.1],
    ['the last step of epoch 6', 41, 0.1],
    ['the first step of epoch 7', 42, 0.01],
    ['the last step', 69, 0.001],
  ])('%s', (_name, at, factor) => {
    expect(step.factor(options, at, horizon)).toBeCloseTo(factor, 12);
  });

  it('drops at the same steps with a warm-up before', () => {
    const factors = [20, 21].map((at) => step.factor(options, at, { ...horizon, warmupSteps: 14 }));
    expect(factors).toEqual([1, 0.1]);
  });
});
