import { expect, it } from 'vitest';
import { type ScheduleOptions, scheduleFactor } from '../../../src/registry/schedules/index.js';

// The warm-up takes the first 20 of 100 steps, 10 of them an epoch.
const horizon = { stepsPerEpoch: 10, totalSteps: 100, warmupSteps: 20 };
const warm = { warmup_epochs: 2 } as const;
const restarts = {
  type: 'cosine_restarts',
  ...warm,
  first_epochs: 2,
  multiplier: 2,
  final_factor: 0.2,
} as const;

it.each<[string, ScheduleOptions, number, number]>([
  ['multi_step before a milestone', { type: 'multi_step', ...warm, milestones: [3, 5], gamma: 0.5 }, 29, 1],
  ['multi_step after both', { type: 'multi_step', ...warm, milestones: [3, 5], gamma: 0.5 }, 50, 0.25],
  ['exponential after three epochs', { type: 'exponential', ...warm, gamma: 0.5 }, 30, 0.125],
  ['polynomial half way', { type: 'polynomial', ...warm, power: 2, final_factor: 0.2 }, 60, 0.4],
  ['linear a quarter of the way', { type: 'linear', ...warm, final_factor: 0.2 }, 40, 0.8],
  ['restarts: in the middle of the first', restarts, 30, 0.6],
  ['restarts: at the second', restarts, 40, 1],
  ['restarts: in the middle of the second', restarts, 60, 0.6],
  ['restarts: at the third', restarts, 80, 1],
  ['in the warm-up', restarts, 9, 0.5],
])('%s', (_name, options, at, factor) => {
  expect(scheduleFactor(options, at, horizon)).toBeCloseTo(factor, 12);
});

it('one_cycle begins low, has its top before 30 % of the run, and ends near nothing', () => {
  const options = {
    type: 'one_cycle',
    rising: 0.3,
    initial_divisor: 25,
    final_divisor: 100,
    curve: 'cosine',
  } as const;
  const at = (step: number) => scheduleFactor(options, step, { ...horizon, warmupSteps: 0 });
  expect(at(0)).toBeCloseTo(0.04, 12);
  expect(at(29)).toBeCloseTo(1, 12);
  expect(at(99)).toBeCloseTo(0.0004, 12);
});
