import type { Experiment } from '../registry/experiment.js';

/** The most images that a training step, or an evaluation, computes with at a time. */
export function partSize({ batch_size, accumulate }: Experiment['training']): number {
  return batch_size / accumulate;
}
