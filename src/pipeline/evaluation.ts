import { streamBatches } from '../data/batches.js';
import type { Inputs } from '../data/source.js';
import { firstIndices } from '../listing/sample.js';
import type { Evaluation, Program } from '../model/program.js';
import { type Scores, scoresOf } from '../statistics/scores.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { percent, rate } from '../terminal/format.js';
import type { StageOutput, StopRequested } from '../terminal/stage.js';

/** Result on one split: the mean loss of the main output, and how many images it classified correctly. */
export interface SplitResult {
  readonly loss: number;
  readonly accuracy: number;
  readonly correct: number;
  readonly count: number;
}

/** What a model says of each image of a split, in the order of the data set. */
export interface Predictions extends Omit<Evaluation, 'logits'> {
  /** The true classes, [count]. */
  readonly labels: Int32Array;
}

export interface Evaluated {
  readonly result: SplitResult;
  readonly scores: Scores;
  readonly predictions: Predictions;
  /** What it took. */
  readonly seconds: number;
}

/** Evaluates all images in order; null where the user asked to stop before the end. */
export async function evaluate(
  program: Pick<Program, 'evaluate'>,
  source: Inputs,
  batchSize: number,
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<Evaluated | null> {
  const total = source.count;
  const order = firstIndices(total);
  const start = performance.now();
  const labels = new Int32Array(total);
  const losses = new Float32Array(total);
  const predicted = new Int32Array(total);
  let probabilities = new Float32Array();
  let loss = 0;
  let correct = 0;
  let count = 0;
  for await (const batch of streamBatches({ source, order, batchSize, augment: [] })) {
    const evaluation = await program.evaluate(batch);
    const classes = evaluation.probabilities.length / batch.size;
    if (count === 0) probabilities = new Float32Array(total * classes);
    labels.set(batch.labels.subarray(0, batch.size), count);
    losses.set(evaluation.losses, count);
    predicted.set(evaluation.predicted, count);
    probabilities.set(evaluation.probabilities, count * classes);
    for (let i = 0; i < batch.size; i++) {
      loss += evaluation.losses[i]!;
      if (evaluation.predicted[i] === batch.labels[i]) correct++;
    }
    count += batch.size;
    if (await stopRequested()) return null;
    output.progress({
      share: count / total,
      facts: [
        `evaluated ${count}/${total} images`,
        `accuracy ${percent(correct / count)}`,
        rate(count, start),
      ],
    });
  }
  const predictions = { labels, losses, predicted, probabilities };
  return {
    result: { loss: loss / count, accuracy: correct / count, correct, count },
    scores: scoresOf(predictions),
    predictions,
    seconds: (performance.now() - start) / 1000,
  };
}

/** What a run keeps of its predictions: of the probabilities only that of the predicted class. */
export function toStored({ labels, predicted, probabilities, losses }: Predictions): StoredPredictions {
  const classes = probabilities.length / labels.length;
  const ofPredicted = (predictedClass: number, image: number) =>
    probabilities[image * classes + predictedClass]!;
  return { labels, predicted, probabilities: Float32Array.from(predicted, ofPredicted), losses };
}
