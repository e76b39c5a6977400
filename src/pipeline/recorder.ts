import { MetricsLog, type TestLine, type TrainEpochLine, type TrainLine } from '../logging/metrics_log.js';
import { EventFileWriter, type EventPosition } from '../logging/tensorboard.js';
import type { RunPaths } from '../storage/run_directory.js';

/** Lengths of the logs at a checkpoint: a resumed run cuts them to that. */
export interface LogPosition {
  readonly metrics_bytes: number;
  readonly events: EventPosition | null;
}

/** Writes the same numbers to metrics.jsonl and to TensorBoard's event file. Cards of one name prefix stand together. */
export class Recorder {
  private constructor(
    private readonly metrics: MetricsLog,
    private readonly events: EventFileWriter,
  ) {}

  /** Opens the logs; with `from`, what was written after that checkpoint is cut off. */
  static open(paths: RunPaths, from: LogPosition | null): Recorder {
    const metrics = MetricsLog.open(paths.metrics, { truncateTo: from?.metrics_bytes ?? 0 });
    return new Recorder(metrics, EventFileWriter.resume(paths.directory, from?.events ?? null));
  }

  train(line: TrainLine): void {
    this.metrics.append(line);
    this.events.scalar('loss/train', line.loss, line.step);
    this.events.scalar('loss/train_main', line.main_loss, line.step);
    for (const [head, loss] of Object.entries(line.aux_loss))
      this.events.scalar(`loss/train_${head}`, loss, line.step);
    this.events.scalar('accuracy/train', line.accuracy, line.step);
    this.events.scalar('learning_rate', line.learning_rate, line.step);
    this.events.scalar('images_per_second/train', line.images_per_second, line.step);
  }

  epoch(train: TrainEpochLine, test: TestLine): void {
    this.metrics.append(train);
    this.metrics.append(test);
    this.events.scalar('loss/train_epoch', train.loss, train.step);
    this.events.scalar('loss/test', test.loss, test.step);
    this.events.scalar('accuracy/train_epoch', train.accuracy, train.step);
    this.events.scalar('accuracy/test', test.accuracy, test.step);
    this.events.scalar('images_per_second/train_epoch', train.images_per_second, train.step);
  }

  /** How far the logs are written. */
  position(): LogPosition {
    return { metrics_bytes: this.metrics.length(), events: this.events.position() };
  }

  /** Makes the logs durable. */
  async sync(): Promise<void> {
    await Promise.all([this.metrics.sync(), this.events.sync()]);
  }

  close(): void {
    this.metrics.close();
    this.events.close();
  }
}
