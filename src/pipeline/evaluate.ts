import { epochOrder, streamBatches } from '../data/batches.js';
import type { Records } from '../data/records.js';
import type { Program } from '../model/program.js';
import { percent, rate } from './format.js';
import type { StageOutput, StopRequested } from './stage.js';

/** Result on one split: the mean loss of the main output, and how many images it classified correctly. */
export interface TestResult {
  readonly loss: number;
  readonly accuracy: number;
  readonly correct: number;
  readonly count: number;
}

/** Evaluates all records in order; null where the user asked to stop before the end. */
export async function evaluate(
  program: Program,
  records: Records,
  batchSize: number,
  output: StageOutput,
  stopRequested: StopRequested,
): Promise<TestResult | null> {
  const order = epochOrder(0, 0, records.count, false);
  const start = performance.now();
  let loss = 0;
  let correct = 0;
  let count = 0;
  for await (const batch of streamBatches({ records, order, batchSize, augment: [] })) {
    const { losses, predicted } = await program.evaluate(batch);
    for (let i = 0; i < batch.size; i++) {
      loss += losses[i]!;
      if (predicted[i] === batch.labels[i]) correct++;
    }
    count += batch.size;
    if (await stopRequested()) return null;
    output.progress(
      `evaluated ${count}/${records.count} images, accuracy ${percent(correct / count)}, ${rate(count, start)}`,
    );
  }
  return { loss: loss / count, accuracy: correct / count, correct, count };
}
