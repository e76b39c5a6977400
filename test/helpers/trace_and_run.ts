import { expect } from 'vitest';
import { expectAllClose, type Tolerance } from './all_close.js';
import type { Plain } from './plain.js';
import { type Input, runners, type TensorFunction } from './runners.js';

/** Runs a function traced, for the CPU and for GPUs, and eagerly on TensorFlow.js' cpu backend; expects the same and returns it. */
export async function traceAndRun(
  run: TensorFunction,
  inputs: readonly Input[],
  tolerance?: Tolerance,
): Promise<Plain[]> {
  const expected = await runners.cpu(run, inputs);
  const traced = [await runners.traced(run, inputs), await runners.device(run, inputs)];
  for (const actual of traced) {
    expect(actual.map(({ shape }) => shape)).toEqual(expected.map(({ shape }) => shape));
    for (const [index, { values }] of expected.entries())
      expectAllClose(actual[index]!.values, values, tolerance);
  }
  return traced[0]!;
}
