import type { Plan } from '../config/resolve.js';
import { batchAt } from '../data/batches.js';
import type { Splits } from '../data/open.js';
import type { Inputs } from '../data/source.js';
import { firstIndices } from '../listing/sample.js';
import { backwardParts } from '../model/backward_parts.js';
import { learningRate } from '../model/learning_rate.js';
import { drawMasks } from '../model/masks.js';
import type { Program } from '../model/program.js';
import type { Split } from '../registry/datasets/facts.js';
import type { EpochResult } from './epoch_line.js';
import type { Evaluated } from './evaluation.js';
import { misclassified } from './misclassified.js';
import { epochMeans, type Position } from './progress.js';
import type { Recorder } from './recorder.js';

/** What the logs of an epoch are made from. */
export interface Recording {
  readonly plan: Plan;
  readonly program: Program;
  readonly data: Splits;
  /** What the program reads of them: the images themselves, or features. */
  readonly inputs: Readonly<Record<Split, Inputs>>;
  readonly recorder: Pick<Recorder, 'epoch' | 'misclassified' | 'histograms' | 'finish'>;
}

/**
 * Logs an epoch.
 * @param ended the position after its last step
 * @param next the position after its evaluation
 */
export async function recordEpoch(
  recording: Recording,
  ended: Position,
  next: Position,
  { result, scores, predictions, seconds, isAverage }: Evaluated & { readonly isAverage: boolean },
): Promise<EpochResult> {
  const { plan, data, recorder } = recording;
  const { step, epoch, epoch_totals: totals } = ended;
  const { epochs } = plan.config.training;
  const heads = plan.network.auxiliary.map((head) => head.name);
  const train = epochMeans(totals, heads);
  const { chosenOn } = plan.dataset;
  const best = next.best!;
  const isBest = best.epoch === epoch;
  const rate = learningRate(plan, step - 1);
  recorder.epoch(
    { split: 'train_epoch', step, epoch, ...train, learning_rate: rate },
    { split: chosenOn, step, epoch, ...(isAverage && { weights: 'average' }), ...result, scores },
    best,
  );
  if (isBest) {
    recorder.misclassified(await misclassified(data[chosenOn], predictions, plan.dataset), step);
  }
  await recordHistograms(recording, ended);
  if (next.finished) recorder.finish(step);
  return { epoch, epochs, train, split: chosenOn, result, isBest, seconds: (totals.seconds ?? 0) + seconds };
}

/** Weights after the epoch, and the gradients that they give on a batch that is the same in every epoch. */
async function recordHistograms({ plan, program, inputs, recorder }: Recording, { step, epoch }: Position) {
  const { histograms_every_epochs: every } = plan.config.tensorboard;
  if (every === null || epoch % every !== 0) return;
  recorder.histograms('weights', (await program.state()).parameters, step);
  const source = inputs.train;
  const order = firstIndices(source.count);
  const batch = await batchAt({ source, order, batchSize: plan.config.training.batch_size, augment: [] }, 0);
  await backwardParts(program, plan, batch, (first, size) => drawMasks(plan, epoch, first, size));
  recorder.histograms('gradients', await program.gradients(), step);
}
