import type { Static, TObject } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { Type } from '../schema.js';
import type { Arithmetic } from './arithmetic.js';

/** What one update reads; slots and scalars by name. */
export interface UpdateInputs<T> {
  readonly parameter: T;
  readonly gradient: T;
  readonly slots: Readonly<Record<string, T>>;
  readonly scalars: Readonly<Record<string, T>>;
}

/** What one update writes. */
export interface UpdateOutputs<T> {
  readonly parameter: T;
  readonly slots: Readonly<Record<string, T>>;
}

/** An update rule, with the semantics and the defaults of torch.optim. */
export interface OptimizerEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** State kept for each parameter; named as in PyTorch's optimizer state. */
  slots(options: Resolved<Static<S>>): readonly string[];
  /** What every element of a slot starts at; 0 where an entry does not say. */
  initial?(options: Resolved<Static<S>>, slot: string): number;
  /** Numbers that are the same for all elements of a step. `step` counts updates from 1. */
  scalars(options: Resolved<Static<S>>, learningRate: number, step: number): Readonly<Record<string, number>>;
  /** The rule, element by element. */
  update<T>(options: Resolved<Static<S>>, math: Arithmetic<T>, inputs: UpdateInputs<T>): UpdateOutputs<T>;
}

/** Ties an entry's functions to the type of its own schema. */
export function defineOptimizer<S extends TObject>(entry: OptimizerEntry<S>): OptimizerEntry<S> {
  return entry;
}

export const learningRateOf = (value: number) =>
  Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      default: value,
      description: "Learning rate before the schedule's factor.",
    }),
  );

export const weightDecayField = (what: string, value: number) =>
  Type.Optional(Type.Number({ minimum: 0, default: value, description: what }));
