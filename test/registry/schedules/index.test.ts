import { describe, expect, it } from 'vitest';
import { type ScheduleOptions, scheduleFactor } from '../../../src/registry/schedules/index.js';

const constant: ScheduleOptions = { type: 'constant', warmup_epochs: 2 };
const cosine: ScheduleOptions = { type: 'cosine', warmup_epochs: 2, final_factor: 0.1 };
const step: ScheduleOptions = { type: 'step', warmup_epochs: 2, step_epochs: 1, gamma: 0.5 };
const horizon = { stepsPerEpoch: 5, totalSteps: 30, warmupSteps: 10 };

describe('linear warm-up, then the schedule', () => {
  it.each<[string, ScheduleOptions, number, number]>([
    ['the first step is above 0', constant, 0, 0.1],
    ['half way', constant, 4, 0.5],
    ['the last step of the warm-up is at 1', constant, 9, 1],
    ['and so is the step after', constant, 10, 1],
    ['the last step', constant, 29, 1],
    ['cosine: the first step', cosine, 0, 0.1],
    ['cosine: the last step of the warm-up', cosine, 9, 1],
    ['cosine: the step after', cosine, 10, 1],
    ['cosine: the last step', cosine, 29, 0.1 + 0.45 * (1 - Math.cos(Math.PI / 20))],
    ['step: the last step of the warm-up', step, 9, 1],
    // Epochs count from the start of the run, as PyTorch's do.
    ['step: the step after', step, 10, 0.25],
    ['step: the last step', step, 29, 0.03125],
  ])('%s', (_name, options, at, factor) => {
    expect(scheduleFactor(options, at, horizon)).toBeCloseTo(factor, 12);
  });

  it('without warm-up the first step is the schedule’s', () => {
    expect(scheduleFactor(cosine, 0, { ...horizon, warmupSteps: 0 })).toBe(1);
  });

  it('a warm-up of one step', () => {
    expect(scheduleFactor(constant, 0, { ...horizon, warmupSteps: 1 })).toBe(1);
  });
});
