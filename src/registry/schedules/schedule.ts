import type { Static, TObject } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { Type } from '../schema.js';

/** Steps of a run. */
export interface Horizon {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly warmupSteps: number;
}

/** How the learning rate changes over a run. */
export interface ScheduleEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** Factor of the learning rate for a 0-based step at or after the warm-up. */
  factor(options: Resolved<Static<S>>, step: number, horizon: Horizon): number;
}

/** Ties an entry's function to the type of its own schema. */
export function defineSchedule<S extends TObject>(entry: ScheduleEntry<S>): ScheduleEntry<S> {
  return entry;
}

/** The schema fields that every schedule has. */
export function scheduleFields<T extends string>(type: T, description: string) {
  return {
    type: Type.Literal(type, { description }),
    warmup_epochs: Type.Optional(
      Type.Number({
        minimum: 0,
        default: 0,
        description:
          'Epochs (fractions allowed) over which the learning rate grows linearly to its full value.',
      }),
    ),
  };
}

/** How much of the run after the warm-up is over before a step, from 0. */
export function progress(at: number, { totalSteps, warmupSteps }: Horizon): number {
  return (at - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
}

export const finalFactorField = (value: number) =>
  Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: value,
      description: 'Share of the learning rate left at the end.',
    }),
  );
