import { planFromResolved } from '../../config/load_plan.js';
import type { Plan } from '../../config/resolve.js';
import { withBalancedClasses } from '../../data/class_weights.js';
import { epochBatches } from '../../data/epoch_batches.js';
import { openSplits, type Splits } from '../../data/open.js';
import { UserError } from '../../errors.js';
import { backwardParts } from '../../model/backward_parts.js';
import { clippingOf } from '../../model/clipping.js';
import { learningRate } from '../../model/learning_rate.js';
import { drawMasks } from '../../model/masks.js';
import type { Program } from '../../model/program.js';
import { initialState } from '../../model/state.js';
import type { StateTensor } from '../../storage/safetensors.js';
import { BackendFailure, failureError, inStep, withFailures } from '../failure.js';
import type { openProgram } from '../open_program.js';
import type { StatePart, TrainingFailure, TrainingMessage, TrainingRequest } from './protocol.js';

/** Waits for a request of the parent process, trains, tells what came out, and ends the process. */
export function answerTraining(open: typeof openProgram): void {
  // Ctrl-C reaches every process of a terminal; it is the parent that sees to it.
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {});
  process.on('disconnect', () => process.exit());
  process.on('message', async (request: TrainingRequest) => {
    await trainAndTell(request, open).then(
      () => tell({ done: true }),
      (error: unknown) => {
        const told = error instanceof BackendFailure ? failureError(error, request.backend) : error;
        return tell({ failure: describeFailure(told) });
      },
    );
    // Backends may hold threads that would keep the process alive.
    process.exit();
  });
}

/** Fulfilled once the message is on its way: a state is larger than what should wait in memory twice. */
function tell(message: TrainingMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send!(message, () => resolve());
  });
}

async function trainAndTell(
  { backend, config, dataset, steps, threads }: TrainingRequest,
  open: typeof openProgram,
): Promise<void> {
  const plan = planFromResolved(config, 'the config', dataset);
  const data = await openSplits(plan);
  const trained = withBalancedClasses(plan, data.train.labels);
  const program = await withFailures(open(trained, backend, threads, initialState(plan)));
  await trainSteps(plan, data, program, steps);
  const { parameters, buffers, slots } = await program.state();
  const parts: [StatePart, ReadonlyMap<string, StateTensor>][] = [
    ['parameters', parameters],
    ['buffers', buffers],
    ...[...slots].map(([slot, tensors]): [StatePart, typeof tensors] => [{ slot }, tensors]),
  ];
  for (const [part, tensors] of parts)
    for (const [name, tensor] of tensors) await tell({ part, name, tensor });
}

async function trainSteps(plan: Plan, data: Splits, program: Program, steps: number): Promise<void> {
  const clipping = clippingOf(plan);
  for (let epoch = 1, step = 0; step < steps; epoch++) {
    let first = 0;
    for await (const batch of epochBatches(plan, data, { epoch, step_in_epoch: 0 })) {
      const start = first;
      const update = { step: step + 1, learningRate: learningRate(plan, step) };
      const { loss } = await inStep(update.step, epoch, async () => {
        const metrics = await backwardParts(program, plan, batch, (at, size) =>
          drawMasks(plan, epoch, start + at, size),
        );
        if (clipping) await program.clip(clipping);
        await program.update(update);
        return metrics;
      });
      await tell({ loss });
      step++;
      if (step === steps) break;
      first += batch.size;
    }
  }
}

function describeFailure(error: unknown): TrainingFailure {
  if (error instanceof UserError) {
    const { message, hint, exitCode } = error;
    return { message, hint, exitCode };
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack: stack ?? message };
}
