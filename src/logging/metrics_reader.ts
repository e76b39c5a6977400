import { Type } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';
import { alternatives, formatValue } from '../config/words.js';
import { ScoresSchema } from '../statistics/scores.js';
import { type JsonLinesEnd, readJsonLines } from '../storage/json_lines.js';
import { describeSchemaErrors } from '../storage/schema_errors.js';
import { Curve } from './curve.js';
import type { EvaluationLine, MetricsLine, TrainEpochLine, TrainLine } from './metrics_log.js';

/** The curves of one split's lines over steps. */
export interface TrainCurves {
  readonly loss: Curve;
  readonly main_loss: Curve;
  /** By auxiliary head. */
  readonly aux_loss: ReadonlyMap<string, Curve>;
  readonly accuracy: Curve;
  readonly learning_rate: Curve;
  readonly images_per_second: Curve;
}

/** What metrics.jsonl tells, in memory that does not grow with its length. */
export interface RunMetrics {
  /** Each step. */
  readonly steps: TrainCurves;
  /** Each epoch. */
  readonly epochs: TrainCurves;
  /** The evaluations of the split that the best epoch is chosen on. */
  readonly evaluations: { readonly loss: Curve; readonly accuracy: Curve };
  /** The first of the most accurate of them, and the last one; null before the first. */
  readonly best: EvaluationLine | null;
  readonly last: EvaluationLine | null;
  /** Training steps done. */
  readonly step: number;
  /** What the training steps of all whole epochs took, in seconds, and the images they read. */
  readonly seconds: number;
  readonly images: number;
  readonly file: JsonLinesEnd;
}

// JSON has no NaN: a number that is not finite is written as null.
const number = Type.Union([Type.Number(), Type.Null()]);
const position = { step: Type.Integer({ minimum: 0 }), epoch: Type.Integer({ minimum: 0 }) };
const train = {
  ...position,
  loss: number,
  main_loss: number,
  aux_loss: Type.Record(Type.String(), number),
  accuracy: number,
  learning_rate: number,
  images_per_second: number,
};
const count = Type.Integer({ minimum: 0 });

const evaluation = {
  ...position,
  loss: Type.Number(),
  accuracy: Type.Number(),
  correct: count,
  count,
  scores: Type.Optional(ScoresSchema),
};

const ajv = new Ajv({ allErrors: true });
/** By the line's `split`. */
const CHECKS: ReadonlyMap<string, ValidateFunction<MetricsLine>> = new Map(
  Object.entries({
    train,
    train_epoch: { ...train, count },
    validation: evaluation,
    test: evaluation,
  }).map(([split, fields]) => [split, ajv.compile<MetricsLine>(Type.Object(fields))]),
);

/**
 * Reads metrics.jsonl as a stream.
 * @param heads names of the auxiliary heads; losses of others are not read
 * @param chosenOn the split that each epoch is evaluated on; another one's evaluation, at the end, is in summary.json
 * @throws UserError that names the file, and the line at fault; a last line that was cut short is left out
 */
export async function readMetrics(
  path: string,
  heads: readonly string[],
  chosenOn: EvaluationLine['split'],
): Promise<RunMetrics> {
  const steps = trainCurves(heads);
  const epochs = trainCurves(heads);
  const evaluations = { loss: new Curve(), accuracy: new Curve() };
  let best: EvaluationLine | null = null;
  let last: EvaluationLine | null = null;
  let step = 0;
  let images = 0;
  let seconds = 0;
  const takeEvaluation = (line: EvaluationLine) => {
    evaluations.loss.add(line.step, line.loss);
    evaluations.accuracy.add(line.step, line.accuracy);
    if (best === null || line.accuracy > best.accuracy) best = line;
    last = line;
  };
  const takeEpoch = (line: TrainEpochLine) => {
    addLine(epochs, line);
    if (!line.images_per_second) return;
    images += line.count;
    seconds += line.count / line.images_per_second;
  };
  const file = await readJsonLines(path, (value) => {
    const checked = checkLine(value);
    if (typeof checked === 'string') return checked;
    step = Math.max(step, checked.step);
    if (checked.split === 'train') addLine(steps, checked);
    else if (checked.split === 'train_epoch') takeEpoch(checked);
    else if (checked.split === chosenOn) takeEvaluation(checked);
    return undefined;
  });
  return { steps, epochs, evaluations, best, last, step, seconds, images, file };
}

/** The line, or what is wrong with it. */
function checkLine(value: unknown): MetricsLine | string {
  const split = (value as { split?: unknown } | null)?.split;
  const check = typeof split === 'string' ? CHECKS.get(split) : undefined;
  if (!check) return `split: expected ${alternatives([...CHECKS.keys()])}, got ${formatValue(split)}`;
  return check(value) ? value : describeSchemaErrors(check.errors);
}

function trainCurves(heads: readonly string[]): TrainCurves {
  return {
    loss: new Curve(),
    main_loss: new Curve(),
    aux_loss: new Map(heads.map((head) => [head, new Curve()])),
    accuracy: new Curve(),
    learning_rate: new Curve(),
    images_per_second: new Curve(),
  };
}

function addLine(curves: TrainCurves, line: TrainLine | TrainEpochLine): void {
  const { step } = line;
  curves.loss.add(step, line.loss);
  curves.main_loss.add(step, line.main_loss);
  for (const [head, curve] of curves.aux_loss) curve.add(step, line.aux_loss[head] ?? null);
  curves.accuracy.add(step, line.accuracy);
  curves.learning_rate.add(step, line.learning_rate);
  curves.images_per_second.add(step, line.images_per_second);
}
