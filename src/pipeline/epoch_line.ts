import type { DatasetFacts } from '../registry/datasets/facts.js';
import { clock, imagesPerSecond, percent, speed } from '../terminal/format.js';
import type { Column, TableRow } from '../terminal/live_table.js';
import type { SplitResult } from './evaluation.js';
import type { EpochMeans } from './progress.js';

/** An epoch that is done. */
export interface EpochResult {
  readonly epoch: number;
  readonly epochs: number;
  readonly train: EpochMeans;
  /** What the epoch is evaluated on, and how it did. */
  readonly split: DatasetFacts['chosenOn'];
  readonly result: SplitResult;
  /** Of its training steps and its evaluation. */
  readonly seconds: number;
  /** Whether it is the best so far. */
  readonly isBest: boolean;
}

const SHORT = { validation: 'val', test: 'test' } as const;

const columns = (split: string): readonly Column[] => [
  { title: 'epoch', width: 5, rank: 0 },
  { title: 'train loss', width: 8, rank: 2 },
  { title: 'train acc', width: 8, rank: 4 },
  { title: `${split} loss`, width: 8, rank: 3 },
  { title: `${split} acc`, width: 8, rank: 1 },
  { title: 'images/s', width: 6, rank: 6 },
  { title: 'time', width: 7, rank: 5 },
];

/** The epoch as a line for logs. */
export function epochText({ epoch, epochs, train, split, result, isBest }: EpochResult): string {
  return (
    `epoch ${epoch}/${epochs}: loss ${train.loss.toFixed(4)}, accuracy ${percent(train.accuracy)}; ` +
    `${SHORT[split]} loss ${result.loss.toFixed(4)}, accuracy ${percent(result.accuracy)}${isBest ? ' (best)' : ''}; ` +
    imagesPerSecond(train.images_per_second)
  );
}

/** The epoch as a row of the table on a terminal. */
export function epochRow({ epoch, train, split, result, seconds, isBest }: EpochResult): TableRow {
  const cells = [
    String(epoch),
    train.loss.toFixed(4),
    percent(train.accuracy),
    result.loss.toFixed(4),
    percent(result.accuracy),
    speed(train.images_per_second),
    clock(seconds),
  ];
  return { columns: columns(SHORT[split]), cells, note: isBest ? 'best' : '' };
}
