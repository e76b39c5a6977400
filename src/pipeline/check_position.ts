import { dirname } from 'node:path';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { checkpointHint } from '../storage/checkpoint_hint.js';
import type { CheckpointState } from '../storage/checkpoint_state.js';

/**
 * Checks where a checkpoint says that training is, against itself, the plan and the best checkpoint: a state that training
 * cannot have left would go on from elsewhere, or without end.
 * @param bestStep of checkpoints/best; null where there is none
 * @throws UserError that names the file and every contradiction
 */
export function checkPosition(
  { config, dataset, horizon }: Plan,
  state: CheckpointState,
  bestStep: number | null,
  path: string,
): void {
  const { step, epoch, step_in_epoch: inEpoch, epoch_totals: totals, best, finished } = state;
  const { stepsPerEpoch } = horizon;
  const { epochs, batch_size: batchSize } = config.training;
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };

  expect(epoch <= epochs, `expected an epoch of at most ${epochs}, got ${epoch}`);
  expect(inEpoch <= stepsPerEpoch, `expected at most ${stepsPerEpoch} steps in an epoch, got ${inEpoch}`);
  const done = (epoch - 1) * stepsPerEpoch + inEpoch;
  expect(step === done, `expected step ${done} after ${inEpoch} steps in epoch ${epoch}, got ${step}`);
  expect(!finished || inEpoch === stepsPerEpoch, `expected a finished run to have done its epoch ${epoch}`);
  if (!finished && inEpoch > 0) {
    const images = Math.min(inEpoch * batchSize, dataset.count.train);
    expect(totals.count === images, `expected totals of ${images} images, got ${totals.count ?? 'none'}`);
  }

  const evaluated = finished ? epoch : epoch - 1;
  if (best === null) {
    expect(evaluated === 0, `expected the best of ${evaluated} evaluations, got none`);
  } else {
    expect(best.epoch <= evaluated, `expected the best of ${evaluated} evaluations, got epoch ${best.epoch}`);
    const ended = best.epoch * stepsPerEpoch;
    expect(best.step === ended, `expected step ${ended} for the best epoch ${best.epoch}, got ${best.step}`);
    // Killed between the two links, best is ahead of last: the run finds the same best again.
    const isThere = bestStep !== null && (finished ? bestStep === best.step : bestStep >= best.step);
    expect(isThere, `expected step ${best.step} in checkpoints/best, got ${bestStep ?? 'no checkpoint'}`);
  }
  if (problems.length === 0) return;
  throw new UserError(`${path}: not a state that this training can have left: ${problems.join('; ')}`, {
    hint: `It was edited, or is of another run. ${checkpointHint(dirname(path))}`,
  });
}
