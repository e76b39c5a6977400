import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import { learningRate } from '../model/learning_rate.js';
import type { ModelState } from '../model/state.js';
import { isCounter } from '../storage/safetensors.js';
import type { CheckpointWriter } from './checkpoint.js';

/** What the message of a training that diverged tells of. */
interface Run {
  readonly plan: Plan;
  readonly checkpoints: Pick<CheckpointWriter, 'lastSaved' | 'settle'>;
}

/** @throws UserError that names the step, the learning rate and the last good checkpoint, where a loss is not finite */
export async function requireFiniteLoss(
  run: Run,
  name: 'loss' | 'norm of the gradients' | 'validation loss' | 'test loss',
  loss: number,
  step: number,
): Promise<void> {
  if (Number.isFinite(loss)) return;
  await run.checkpoints.settle();
  throw diverged(run, `the ${name} is ${loss}`, step);
}

/** @throws UserError where a number is not finite: such a state must not replace a good checkpoint */
export function requireFiniteState(run: Run, { parameters, buffers, slots }: ModelState, step: number): void {
  for (const [name, { data }] of parameters) {
    if (!allFinite(data)) throw diverged(run, `parameter ${name} is not finite`, step);
  }
  for (const [name, buffer] of buffers) {
    if (!isCounter(buffer) && !allFinite(buffer.data))
      throw diverged(run, `buffer ${name} is not finite`, step);
  }
  for (const [slot, tensors] of slots) {
    for (const [name, { data }] of tensors) {
      if (!allFinite(data)) throw diverged(run, `${slot} of ${name} is not finite`, step);
    }
  }
}

/** Indexed: several times as fast as every() and for…of, which a checkpoint of 20 million parameters feels. */
function allFinite(data: Float32Array): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

function diverged({ plan, checkpoints: { lastSaved } }: Run, what: string, step: number): UserError {
  const kept = lastSaved
    ? `The last good checkpoint is ${lastSaved.directory} (step ${lastSaved.step}).`
    : 'There is no checkpoint before it.';
  const rate = learningRate(plan, step - 1);
  return new UserError(`training diverged at step ${step} with learning rate ${rate}: ${what}. ${kept}`, {
    hint: 'Try a smaller optimizer.learning_rate, or a warm-up (schedule.warmup_epochs).',
  });
}
