import { UserError } from '../errors.js';
import type { ModelState } from '../model/state.js';
import type { StepMetrics } from '../model/step.js';
import type { CheckpointWriter } from './checkpoint.js';

/** @throws UserError that names the step, the learning rate and the last good checkpoint, where the loss is not finite. */
export async function requireFiniteLoss(
  metrics: StepMetrics,
  step: number,
  learningRate: number,
  checkpoints: CheckpointWriter,
): Promise<void> {
  if (Number.isFinite(metrics.loss)) return;
  throw diverged(`the loss is ${metrics.loss}`, step, checkpoints, learningRate);
}

/** @throws UserError where a parameter is not finite: such a state must not replace a good checkpoint. */
export function requireFiniteState(state: ModelState, step: number, checkpoints: CheckpointWriter): void {
  for (const [name, { data }] of state.parameters) {
    if (!data.every(Number.isFinite)) throw diverged(`parameter ${name} is not finite`, step, checkpoints);
  }
}

function diverged(
  what: string,
  step: number,
  { lastSaved }: CheckpointWriter,
  learningRate?: number,
): UserError {
  const rate = learningRate === undefined ? '' : ` with learning rate ${learningRate}`;
  const kept = lastSaved
    ? `The last good checkpoint is ${lastSaved.directory} (step ${lastSaved.step}).`
    : 'There is no checkpoint before it.';
  return new UserError(`training diverged at step ${step}${rate}: ${what}. ${kept}`, {
    hint: 'Try a smaller optimizer.learning_rate, or a warm-up (schedule.warmup_epochs).',
  });
}
