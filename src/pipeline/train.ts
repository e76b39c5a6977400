import { inStep } from '../backends/failure.js';
import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import { epochBatches } from '../data/epoch_batches.js';
import { Interrupted } from '../errors.js';
import { backwardParts } from '../model/backward_parts.js';
import { clippingOf } from '../model/clipping.js';
import { learningRate } from '../model/learning_rate.js';
import { MasksAhead } from '../model/masks_ahead.js';
import type { WeightAverage } from '../model/weight_average.js';
import { duration, imagesPerSecond, percent, speed } from '../terminal/format.js';
import type { Progress, StageOutput, StopRequested } from '../terminal/stage.js';
import { Stopwatch } from '../terminal/stopwatch.js';
import type { CheckpointWriter } from './checkpoint.js';
import { epochRow, epochText } from './epoch_line.js';
import { evaluate } from './evaluation.js';
import { requireFiniteLoss } from './finite.js';
import { afterEpoch, afterStep, epochMeans, type Position } from './progress.js';
import { type Recording, recordEpoch } from './record_epoch.js';
import type { Recorder } from './recorder.js';

/** Everything that the loop works with. */
export interface Training extends Recording {
  readonly recorder: Recording['recorder'] & Pick<Recorder, 'train'>;
  /** Null where weights are not averaged. */
  readonly average: WeightAverage | null;
  readonly checkpoints: Pick<CheckpointWriter, 'save' | 'settle' | 'lastSaved'>;
  readonly output: StageOutput;
  readonly stopRequested: StopRequested;
}

/**
 * The training loop, from `position` to the last epoch.
 * @throws Interrupted after a checkpoint, where the user asked to stop
 * @throws UserError where a loss or the state is not finite, or a file cannot be written
 */
export async function train(training: Training, start: Position): Promise<Position> {
  const { checkpoints } = training;
  const masks = new MasksAhead(training.plan);
  try {
    const end = await trainFrom(training, masks, start);
    await checkpoints.settle();
    return end;
  } catch (error) {
    // The first error is the one to report.
    await checkpoints.settle().catch(() => {});
    throw error;
  } finally {
    await masks.dispose();
  }
}

async function trainFrom(training: Training, masks: MasksAhead, start: Position): Promise<Position> {
  const { plan, program, average, inputs, recorder, checkpoints, output, stopRequested } = training;
  const { epochs, batch_size: batchSize } = plan.config.training;
  const { every_steps: everySteps } = plan.config.checkpoint;
  const { chosenOn } = plan.dataset;
  const clipping = clippingOf(plan);
  // A step takes what passes between two of them: waiting for its batch and for a checkpoint counts.
  const watch = new Stopwatch();
  let position = start;
  while (!position.finished) {
    const { epoch } = position;
    for await (const batch of epochBatches(plan, inputs, position)) {
      const learning_rate = learningRate(plan, position.step);
      const first = position.step_in_epoch * batchSize;

      const step = position.step + 1;
      const metrics = await inStep(step, epoch, () =>
        backwardParts(program, plan, batch, (at, size) => masks.take({ epoch, first: first + at, size })),
      );
      await requireFiniteLoss(training, 'loss', metrics.loss, step);
      const gradientNorm = clipping && (await inStep(step, epoch, () => program.clip(clipping)));
      if (gradientNorm !== null)
        await requireFiniteLoss(training, 'norm of the gradients', gradientNorm, step);
      await inStep(step, epoch, () => program.update({ step, learningRate: learning_rate }));
      if (average?.counts('step', epoch)) average.add(await program.state());
      const seconds = watch.lap();
      position = afterStep(position, metrics, batch.size, seconds);

      recorder.train({
        split: 'train',
        step: position.step,
        epoch,
        loss: metrics.loss,
        main_loss: metrics.mainLoss,
        aux_loss: metrics.auxLoss,
        accuracy: metrics.correct / batch.size,
        learning_rate,
        ...(gradientNorm !== null && { gradient_norm: gradientNorm }),
        images_per_second: batch.size / seconds,
      });
      output.progress(trainingProgress(plan, position));

      if (await stopRequested()) return interrupt(checkpoints, position);
      if (everySteps && position.step % everySteps === 0) await checkpoints.save(position, ['last']);
    }

    if (average?.counts('epoch', epoch)) average.add(await program.state());
    const averaged = average?.current()?.weights;
    const evaluated = await evaluate(
      averaged ? { evaluate: (batch) => program.evaluate(batch, averaged) } : program,
      inputs[chosenOn],
      partSize(plan.config.training),
      output,
      stopRequested,
    );
    if (evaluated === null) return interrupt(checkpoints, position);
    watch.lap();
    await requireFiniteLoss(training, `${chosenOn} loss`, evaluated.result.loss, position.step);
    const ended = position;
    position = afterEpoch(ended, epochs, evaluated);
    const result = await recordEpoch(training, ended, position, {
      ...evaluated,
      isAverage: averaged !== undefined,
    });
    await checkpoints.save(position, result.isBest ? ['last', 'best'] : ['last']);
    output.line(epochText(result), epochRow(result));
    if (!position.finished && (await stopRequested())) throw new Interrupted();
  }
  return position;
}

async function interrupt(checkpoints: Training['checkpoints'], position: Position): Promise<never> {
  await checkpoints.save(position, ['last']);
  await checkpoints.settle();
  throw new Interrupted();
}

function trainingProgress(
  { config, horizon }: Plan,
  { step, epoch, step_in_epoch, epoch_totals }: Position,
): Progress {
  const { loss, accuracy, images_per_second } = epochMeans(epoch_totals, []);
  const secondsPerStep = (epoch_totals.seconds ?? 0) / step_in_epoch;
  const steps = `${step_in_epoch}/${horizon.stepsPerEpoch}`;
  return {
    share: step_in_epoch / horizon.stepsPerEpoch,
    facts: [
      `epoch ${epoch}/${config.training.epochs}`,
      { long: `step ${steps}`, short: steps },
      `loss ${loss.toFixed(4)}`,
      { long: `accuracy ${percent(accuracy)}`, short: `acc ${percent(accuracy)}` },
      { long: imagesPerSecond(images_per_second), short: `${speed(images_per_second)}/s` },
      `${duration((horizon.totalSteps - step) * secondsPerStep)} left`,
    ],
  };
}
