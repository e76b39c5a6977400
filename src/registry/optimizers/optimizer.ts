import type { Static, TObject } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import { Type } from '../schema.js';
import type { Arithmetic, TensorArithmetic } from './arithmetic.js';

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

/** What every update rule has. */
interface OptimizerBase<S extends TObject> {
  readonly schema: S;
  /** State kept for each parameter; named as in PyTorch's optimizer state. */
  slots(options: Resolved<Static<S>>): readonly string[];
  /** What every element of a slot starts at; 0 where an entry does not say. */
  initial?(options: Resolved<Static<S>>, slot: string): number;
  /** Numbers that are the same for all elements of a step. `step` counts updates from 1. */
  scalars(options: Resolved<Static<S>>, learningRate: number, step: number): Readonly<Record<string, number>>;
}

/** A rule that treats each number alike: it becomes one loop over all of them. */
export interface ElementRule<S extends TObject = TObject> extends OptimizerBase<S> {
  update<T>(options: Resolved<Static<S>>, math: Arithmetic<T>, inputs: UpdateInputs<T>): UpdateOutputs<T>;
}

/** A rule that looks at each parameter as a whole: it becomes a graph. */
export interface TensorRule<S extends TObject = TObject> extends OptimizerBase<S> {
  updateTensor<T>(
    options: Resolved<Static<S>>,
    math: TensorArithmetic<T>,
    inputs: UpdateInputs<T>,
  ): UpdateOutputs<T>;
}

/** An update rule, with the semantics and the defaults of torch.optim, or of what its docstring names. */
export type OptimizerEntry<S extends TObject = TObject> = ElementRule<S> | TensorRule<S>;

/** The rule on tensors, whichever kind it is. */
export function updateTensor<T>(
  entry: OptimizerEntry,
  options: Resolved<Static<TObject>>,
  math: TensorArithmetic<T>,
  inputs: UpdateInputs<T>,
): UpdateOutputs<T> {
  return 'update' in entry ? entry.update(options, math, inputs) : entry.updateTensor(options, math, inputs);
}

/** Ties an entry's functions to the type of its own schema. */
export function defineOptimizer<S extends TObject>(entry: ElementRule<S>): ElementRule<S> {
  return entry;
}

/** As `defineOptimizer`, of a rule that needs norms or matrices. */
export function defineTensorOptimizer<S extends TObject>(entry: TensorRule<S>): TensorRule<S> {
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
