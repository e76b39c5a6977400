import type { Static } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { cosineRestarts } from './cosine_restarts.js';
import { exponential } from './exponential.js';
import { linear } from './linear.js';
import { multiStep } from './multi_step.js';
import { oneCycle } from './one_cycle.js';
import { polynomial } from './polynomial.js';
import type { Horizon, ScheduleEntry } from './schedule.js';
import { step } from './step.js';

/** Every learning-rate schedule, by the `type` that a config names. */
export const schedules = {
  constant,
  step,
  multi_step: multiStep,
  exponential,
  polynomial,
  linear,
  cosine,
  cosine_restarts: cosineRestarts,
  one_cycle: oneCycle,
} as const satisfies Record<string, ScheduleEntry>;

export type ScheduleType = keyof typeof schedules;

/** Options of any schedule, as resolved. */
export type ScheduleOptions = Resolved<Static<(typeof schedules)[ScheduleType]['schema']>>;

/** Factor of the learning rate at a 0-based step: linear in the warm-up, (step + 1) / warm-up steps, then the schedule's. */
export function scheduleFactor(options: ScheduleOptions, step: number, horizon: Horizon): number {
  if (step < horizon.warmupSteps) return (step + 1) / horizon.warmupSteps;
  const entry: ScheduleEntry = schedules[options.type];
  return entry.factor(options, step, horizon);
}
