import type { Plan } from '../config/resolve.js';
import { epochAugment, epochOrder, streamBatches } from '../data/batches.js';
import type { LoadedDataset } from '../data/open.js';
import { Interrupted } from '../errors.js';
import { drawMasks } from '../model/masks.js';
import type { Program } from '../model/program.js';
import type { CheckpointWriter } from './checkpoint.js';
import { evaluate } from './evaluate.js';
import { requireFiniteLoss } from './finite.js';
import { duration, imagesPerSecond, percent } from './format.js';
import { learningRate } from './learning_rate.js';
import { afterEpoch, afterStep, epochMeans, type Position } from './progress.js';
import type { Recorder } from './recorder.js';
import type { StageOutput, StopRequested } from './stage.js';

/** Everything that the loop works with. */
export interface Training {
  readonly plan: Plan;
  readonly program: Program;
  readonly data: LoadedDataset;
  readonly recorder: Pick<Recorder, 'train' | 'epoch'>;
  readonly checkpoints: Pick<CheckpointWriter, 'save' | 'lastSaved'>;
  readonly output: StageOutput;
  readonly stopRequested: StopRequested;
}

/**
 * The training loop, from `position` to the last epoch.
 * @throws Interrupted after a checkpoint, where the user asked to stop
 * @throws UserError where a loss or the state is not finite, or a file cannot be written
 */
export async function train(training: Training, start: Position): Promise<Position> {
  const { plan, program, data, recorder, checkpoints, output, stopRequested } = training;
  const { epochs, batch_size: batchSize } = plan.config.training;
  const { every_steps: everySteps } = plan.config.checkpoint;
  const heads = plan.network.auxiliary.map((head) => head.name);
  let position = start;
  while (!position.finished) {
    const { epoch } = position;
    for await (const batch of batches(plan, data, position)) {
      const learning_rate = learningRate(plan, position.step);
      const masks = drawMasks(plan, epoch, position.step_in_epoch * batchSize, batch.size);

      const began = performance.now();
      const metrics = await program.train(batch, masks, {
        step: position.step + 1,
        learningRate: learning_rate,
      });
      const seconds = (performance.now() - began) / 1000;
      requireFiniteLoss(training, 'loss', metrics.loss, position.step + 1);
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
        images_per_second: batch.size / seconds,
      });
      output.progress(describeProgress(plan, position));

      if (await stopRequested()) return interrupt(checkpoints, position);
      if (everySteps && position.step % everySteps === 0) await checkpoints.save(position, ['last']);
    }

    const evaluated = await evaluate(program, data.test, batchSize, output, stopRequested);
    if (evaluated === null) return interrupt(checkpoints, position);
    const { result: test } = evaluated;
    requireFiniteLoss(training, 'test loss', test.loss, position.step);
    const means = epochMeans(position.epoch_totals, heads);
    const at = { step: position.step, epoch };
    recorder.epoch(
      { split: 'train_epoch', ...at, ...means, learning_rate: learningRate(plan, position.step - 1) },
      { split: 'test', ...at, ...test },
    );
    position = afterEpoch(position, epochs, test);

    const isBest = position.best?.epoch === epoch;
    await checkpoints.save(position, isBest ? ['last', 'best'] : ['last']);
    output.line(
      `epoch ${epoch}/${epochs}: loss ${means.loss.toFixed(4)}, accuracy ${percent(means.accuracy)}; ` +
        `test loss ${test.loss.toFixed(4)}, accuracy ${percent(test.accuracy)}${isBest ? ' (best)' : ''}; ` +
        imagesPerSecond(means.images_per_second),
    );
    if (!position.finished && (await stopRequested())) throw new Interrupted();
  }
  return position;
}

/** The batches of an epoch from a position in it. */
export function batches(
  plan: Plan,
  { train: records }: LoadedDataset,
  { epoch, step_in_epoch }: Pick<Position, 'epoch' | 'step_in_epoch'>,
) {
  const { seed, training, augmentation } = plan.config;
  const order = epochOrder(seed, epoch, records.count, training.shuffle);
  const augment = epochAugment(augmentation, records.image, seed, epoch);
  return streamBatches({ records, order, batchSize: training.batch_size, augment }, step_in_epoch);
}

async function interrupt(checkpoints: Training['checkpoints'], position: Position): Promise<never> {
  await checkpoints.save(position, ['last']);
  throw new Interrupted();
}

function describeProgress(
  { config, horizon }: Plan,
  { step, epoch, step_in_epoch, epoch_totals }: Position,
): string {
  const { loss, accuracy, images_per_second } = epochMeans(epoch_totals, []);
  const secondsPerStep = (epoch_totals.seconds ?? 0) / step_in_epoch;
  return (
    `epoch ${epoch}/${config.training.epochs}, step ${step_in_epoch}/${horizon.stepsPerEpoch}: loss ${loss.toFixed(4)}, ` +
    `accuracy ${percent(accuracy)}, ${imagesPerSecond(images_per_second)}, ` +
    `${duration((horizon.totalSteps - step) * secondsPerStep)} left`
  );
}
