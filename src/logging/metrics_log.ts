import type { Scores } from '../statistics/scores.js';
import { AppendFile } from './append_file.js';

/** One optimizer step, averaged over its batch. Losses are means per image; `accuracy` is from 0 to 1. */
export interface TrainLine {
  readonly split: 'train';
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly main_loss: number;
  readonly aux_loss: Readonly<Record<string, number>>;
  readonly accuracy: number;
  readonly learning_rate: number;
  /** Norm of all gradients together, before they were clipped; only where they are. */
  readonly gradient_norm?: number;
  readonly images_per_second: number;
}

/** One epoch of training, averaged over its `count` images. */
export interface TrainEpochLine extends Omit<TrainLine, 'split' | 'gradient_norm'> {
  readonly split: 'train_epoch';
  readonly count: number;
}

/** One evaluation, on the validation images or the test set: `correct` of `count` images. */
export interface EvaluationLine {
  readonly split: 'validation' | 'test';
  readonly step: number;
  readonly epoch: number;
  /** Where it is not the weights that training changes that are evaluated. */
  readonly weights?: 'average';
  readonly loss: number;
  readonly accuracy: number;
  readonly correct: number;
  readonly count: number;
  /** Runs of old have none. */
  readonly scores?: Scores;
}

export type MetricsLine = TrainLine | TrainEpochLine | EvaluationLine;

/** metrics.jsonl: one JSON object a line. Numbers read back to the bit; one that is not finite is written as null. */
export class MetricsLog {
  readonly #file: AppendFile;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /**
   * Opens the log for appending, and creates it if need be; with `truncateTo`, the `metrics_bytes` of the checkpoint
   * to go on from, what was logged after it is cut off. Throws a UserError if the file is shorter or not writable.
   */
  static open(path: string, options: { truncateTo?: number } = {}): MetricsLog {
    return new MetricsLog(AppendFile.open(path, options));
  }

  append(line: MetricsLine): void {
    this.#file.append(`${JSON.stringify(line)}\n`);
  }

  /** Length in bytes, which a checkpoint records. */
  length(): number {
    return this.#file.length();
  }

  /** Makes the log durable. */
  sync(): Promise<void> {
    return this.#file.sync();
  }

  close(): void {
    this.#file.close();
  }
}
