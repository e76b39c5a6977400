import type { StepMetrics } from '../model/step.js';
import type { CheckpointState } from '../storage/checkpoint_state.js';
import type { Evaluated } from './evaluation.js';

/** How far training is: the part of a checkpoint's state that the loop itself changes. */
export type Position = Required<
  Pick<CheckpointState, 'step' | 'epoch' | 'step_in_epoch' | 'epoch_totals' | 'best' | 'finished' | 'seconds'>
>;

export const START: Position = {
  step: 0,
  epoch: 1,
  step_in_epoch: 0,
  epoch_totals: {},
  best: null,
  finished: false,
  seconds: 0,
};

/** Means over images of an epoch so far. */
export interface EpochMeans {
  readonly loss: number;
  readonly main_loss: number;
  readonly aux_loss: Record<string, number>;
  readonly accuracy: number;
  readonly images_per_second: number;
  readonly count: number;
}

/** The position after one more step; sums weigh each batch by its size, as the last one may be smaller. */
export function afterStep(
  position: Position,
  metrics: StepMetrics,
  images: number,
  seconds: number,
): Position {
  const { epoch_totals: before } = position;
  const add = (name: string, value: number): [string, number] => [name, (before[name] ?? 0) + value];
  return {
    ...position,
    step: position.step + 1,
    step_in_epoch: position.step_in_epoch + 1,
    seconds: position.seconds + seconds,
    epoch_totals: Object.fromEntries([
      add('count', images),
      add('correct', metrics.correct),
      add('seconds', seconds),
      add('loss', metrics.loss * images),
      add('main_loss', metrics.mainLoss * images),
      ...Object.entries(metrics.auxLoss).map(([head, loss]) => add(`aux_loss.${head}`, loss * images)),
    ]),
  };
}

export function epochMeans(totals: Position['epoch_totals'], heads: readonly string[]): EpochMeans {
  const count = totals.count ?? 0;
  const mean = (name: string) => (totals[name] ?? 0) / count;
  return {
    loss: mean('loss'),
    main_loss: mean('main_loss'),
    aux_loss: Object.fromEntries(heads.map((head) => [head, mean(`aux_loss.${head}`)])),
    accuracy: mean('correct'),
    images_per_second: count / (totals.seconds ?? 0),
    count,
  };
}

/** The position after the evaluation that ends an epoch. */
export function afterEpoch(
  position: Position,
  epochs: number,
  { result, seconds: evaluating }: Pick<Evaluated, 'result' | 'seconds'>,
): Position {
  const { step, epoch } = position;
  const seconds = position.seconds + evaluating;
  const isBest = position.best === null || result.accuracy > position.best.accuracy;
  const best = isBest ? { epoch, step, accuracy: result.accuracy, loss: result.loss } : position.best;
  if (epoch === epochs) return { ...position, best, epoch_totals: {}, finished: true, seconds };
  return { step, epoch: epoch + 1, step_in_epoch: 0, epoch_totals: {}, best, finished: false, seconds };
}
