import { clock, imagesPerSecond, percent, speed } from '../terminal/format.js';
import type { Column, TableRow } from '../terminal/live_table.js';
import type { TestResult } from './evaluation.js';
import type { EpochMeans } from './progress.js';

/** An epoch that is done. */
export interface EpochResult {
  readonly epoch: number;
  readonly epochs: number;
  readonly train: EpochMeans;
  readonly test: TestResult;
  /** Of its training steps and its evaluation. */
  readonly seconds: number;
  /** Whether it is the best so far. */
  readonly isBest: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'epoch', width: 5, rank: 0 },
  { title: 'train loss', width: 8, rank: 2 },
  { title: 'train acc', width: 8, rank: 4 },
  { title: 'test loss', width: 8, rank: 3 },
  { title: 'test acc', width: 8, rank: 1 },
  { title: 'images/s', width: 6, rank: 6 },
  { title: 'time', width: 7, rank: 5 },
];

/** The epoch as a line for logs. */
export function epochText({ epoch, epochs, train, test, isBest }: EpochResult): string {
  return (
    `epoch ${epoch}/${epochs}: loss ${train.loss.toFixed(4)}, accuracy ${percent(train.accuracy)}; ` +
    `test loss ${test.loss.toFixed(4)}, accuracy ${percent(test.accuracy)}${isBest ? ' (best)' : ''}; ` +
    imagesPerSecond(train.images_per_second)
  );
}

/** The epoch as a row of the table on a terminal. */
export function epochRow({ epoch, train, test, seconds, isBest }: EpochResult): TableRow {
  const cells = [
    String(epoch),
    train.loss.toFixed(4),
    percent(train.accuracy),
    test.loss.toFixed(4),
    percent(test.accuracy),
    speed(train.images_per_second),
    clock(seconds),
  ];
  return { columns: COLUMNS, cells, note: isBest ? 'best' : '' };
}
