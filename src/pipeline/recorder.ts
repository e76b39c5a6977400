import { stringify } from 'yaml';
import type { Plan } from '../config/resolve.js';
import { histogram } from '../logging/histogram.js';
import { hyperparameters } from '../logging/hyperparameters.js';
import {
  type EvaluationLine,
  MetricsLog,
  type TrainEpochLine,
  type TrainLine,
} from '../logging/metrics_log.js';
import { modelGraph } from '../logging/model_graph.js';
import {
  histogramSummary,
  imageSummary,
  sessionEnd,
  sessionStart,
  textSummary,
} from '../logging/summaries.js';
import { EventFileWriter, type EventPosition } from '../logging/tensorboard.js';
import type { RunPaths } from '../storage/run_directory.js';
import type { NamedTensor } from '../storage/safetensors.js';
import type { Misclassified } from './misclassified.js';

/** Lengths of the logs at a checkpoint: a resumed run cuts them to that. */
export interface LogPosition {
  readonly metrics_bytes: number;
  readonly events: EventPosition | null;
}

/** What is known of a run before its first step. */
export interface RunFacts {
  readonly plan: Plan;
  readonly backend: string;
  /** ISO 8601. */
  readonly started_at: string;
}

/**
 * Writes metrics.jsonl and TensorBoard's event file. The same numbers go to both; cards of one name prefix stand
 * together. All that belongs to an epoch must be written before its checkpoint, which counts the bytes.
 */
export class Recorder {
  private constructor(
    private readonly metrics: MetricsLog,
    private readonly events: EventFileWriter,
  ) {}

  /** Opens the logs; with `from`, what was written after that checkpoint is cut off. */
  static open(paths: RunPaths, from: LogPosition | null, facts: RunFacts): Recorder {
    const metrics = MetricsLog.open(paths.metrics, { truncateTo: from?.metrics_bytes ?? 0 });
    const position = from?.events ?? null;
    const events = EventFileWriter.resume(paths.directory, position);
    if (position === null) introduce(events, facts);
    return new Recorder(metrics, events);
  }

  train(line: TrainLine): void {
    this.metrics.append(line);
    this.events.scalar('loss/train', line.loss, line.step);
    this.events.scalar('loss/train_main', line.main_loss, line.step);
    for (const [head, loss] of Object.entries(line.aux_loss))
      this.events.scalar(`loss/train_${head}`, loss, line.step);
    this.events.scalar('accuracy/train', line.accuracy, line.step);
    this.events.scalar('learning_rate', line.learning_rate, line.step);
    if (line.gradient_norm !== undefined) this.events.scalar('gradient_norm', line.gradient_norm, line.step);
    this.events.scalar('images_per_second/train', line.images_per_second, line.step);
  }

  /** @param best the best evaluation so far, this one included */
  epoch(train: TrainEpochLine, evaluation: EvaluationLine, best: { loss: number; accuracy: number }): void {
    const { split, step } = evaluation;
    this.metrics.append(train);
    this.metrics.append(evaluation);
    this.events.scalar('loss/train_epoch', train.loss, train.step);
    this.events.scalar(`loss/${split}`, evaluation.loss, step);
    this.events.scalar(`loss/${split}_best`, best.loss, step);
    this.events.scalar('accuracy/train_epoch', train.accuracy, train.step);
    this.events.scalar(`accuracy/${split}`, evaluation.accuracy, step);
    this.events.scalar(`accuracy/${split}_best`, best.accuracy, step);
    this.scores(evaluation);
    this.events.scalar('images_per_second/train_epoch', train.images_per_second, train.step);
  }

  /** The best weights on a test set that had no part in choosing them. */
  test(line: EvaluationLine): void {
    this.metrics.append(line);
    this.events.scalar('loss/test', line.loss, line.step);
    this.events.scalar('accuracy/test', line.accuracy, line.step);
    this.scores(line);
  }

  private scores({ split, step, scores }: EvaluationLine): void {
    for (const [name, score] of Object.entries(scores ?? {}))
      this.events.scalar(`${name}/${split}`, score, step);
  }

  misclassified({ picture, text }: Misclassified, step: number): void {
    if (picture !== null) this.events.summary(imageSummary('misclassified/images', picture), step);
    this.events.summary(textSummary('misclassified/labels', text), step);
  }

  histograms(
    kind: 'weights' | 'gradients',
    tensors: ReadonlyMap<string, Pick<NamedTensor, 'data'>>,
    step: number,
  ): void {
    for (const [name, { data }] of tensors)
      this.events.summary(histogramSummary(`${kind}/${name}`, histogram(data)), step);
  }

  /** The last epoch is done. */
  finish(step: number): void {
    this.events.summary(sessionEnd(Date.now() / 1000), step);
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

/** What an event file begins with. */
function introduce(events: EventFileWriter, { plan, backend, started_at }: RunFacts): void {
  // Indented text is code in Markdown, whatever is in it.
  events.summary(textSummary('config', stringify(plan.config).replaceAll(/^/gm, '    ')), 0);
  events.graph(modelGraph(plan.network, plan.config.loss.type));
  events.summary(sessionStart(hyperparameters(plan, backend), Date.parse(started_at) / 1000), 0);
}
