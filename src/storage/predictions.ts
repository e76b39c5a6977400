import { type Static, Type } from '@sinclair/typebox';
import { Ajv } from 'ajv';
import { UserError } from '../errors.js';
import { writeFileAtomic } from './atomic.js';
import { readJsonLines } from './json_lines.js';
import { describeSchemaErrors } from './schema_errors.js';

/** What a model said of each image of the test set, in the order of the data set. */
export interface StoredPredictions {
  /** True classes. */
  readonly labels: Int32Array;
  /** The most probable classes. */
  readonly predicted: Int32Array;
  /** Probability that the model gave the predicted class, from 0 to 1. */
  readonly probabilities: Float32Array;
  /** Cross-entropy of the true class, in nats. */
  readonly losses: Float32Array;
}

const LineSchema = Type.Object({
  index: Type.Integer({ minimum: 0 }),
  label: Type.Integer({ minimum: 0 }),
  predicted: Type.Integer({ minimum: 0 }),
  // Rounding takes a softmax a little past 1.
  probability: Type.Number({ minimum: 0, maximum: 1.0001 }),
  loss: Type.Number(),
});

const isLine = new Ajv({ allErrors: true }).compile<Static<typeof LineSchema>>(LineSchema);

/**
 * Writes predictions.jsonl, an object a line: `{"index":0,"label":3,"predicted":5,"probability":0.61,"loss":1.2}`.
 * Classes are numbers; plan.json has their names, in that order, in `dataset.classes`.
 */
export async function writePredictions(path: string, predictions: StoredPredictions): Promise<void> {
  const { labels, predicted, probabilities, losses } = predictions;
  const lines = Array.from(labels, (label, index) =>
    JSON.stringify({
      index,
      label,
      predicted: predicted[index],
      probability: shortest(probabilities[index]!),
      loss: shortest(losses[index]!),
    }),
  );
  await writeFileAtomic(path, lines.map((line) => `${line}\n`).join(''));
}

/** As few digits as read back to the same float32. */
function shortest(value: number): number {
  return Number(value.toPrecision(9));
}

/**
 * Reads what `writePredictions` wrote.
 * @param count images of the test set
 * @param classes classes of the data set
 * @throws UserError that names the file, and the line at fault
 */
export async function readPredictions(
  path: string,
  count: number,
  classes: number,
): Promise<StoredPredictions> {
  const labels = new Int32Array(count);
  const predicted = new Int32Array(count);
  const probabilities = new Float32Array(count);
  const losses = new Float32Array(count);
  let read = 0;
  const { cutShort } = await readJsonLines(path, (line) => {
    if (!isLine(line)) return describeSchemaErrors(isLine.errors);
    if (read === count) return `expected the ${count} images of the test set, got one more`;
    if (line.index !== read) return `index: expected ${read}, got ${line.index}`;
    const wrong = (['label', 'predicted'] as const).find((key) => line[key] >= classes);
    if (wrong) return `${wrong}: expected a class from 0 to ${classes - 1}, got ${line[wrong]}`;
    labels[read] = line.label;
    predicted[read] = line.predicted;
    probabilities[read] = line.probability;
    losses[read] = line.loss;
    read++;
    return undefined;
  });
  if (cutShort || read < count) {
    throw new UserError(
      `${path}: expected the ${count} images of the test set, the file ends after ${read}`,
      {
        hint: 'The file was cut short: remove it, and summary.json, and resume the run: it is then evaluated anew.',
      },
    );
  }
  return { labels, predicted, probabilities, losses };
}
