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
