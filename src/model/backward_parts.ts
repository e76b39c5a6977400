import { partSize } from '../config/part_size.js';
import type { Plan } from '../config/resolve.js';
import type { Batch, Masks, Program } from './program.js';
import type { StepMetrics } from './step.js';

/**
 * The gradients of all images of an update, of as many parts as the config cuts it into; the last one may be smaller. Each
 * counts by its images, so that the gradients are those of the mean over all of them. Batch norms see the parts.
 * @param masksOf those of `size` images from position `first` of the batch
 * @returns means over all images
 */
export async function backwardParts(
  program: Pick<Program, 'backward'>,
  { config: { training } }: Pick<Plan, 'config'>,
  batch: Batch,
  masksOf: (first: number, size: number) => Masks,
): Promise<StepMetrics> {
  const most = partSize(training);
  if (batch.size <= most) return program.backward(batch, masksOf(0, batch.size));
  let total: StepMetrics = { loss: 0, mainLoss: 0, auxLoss: {}, correct: 0 };
  for (let first = 0; first < batch.size; first += most) {
    const part = slice(batch, first, Math.min(most, batch.size - first));
    const share = part.size / batch.size;
    const metrics = await program.backward(part, masksOf(first, part.size), { first: first === 0, share });
    total = {
      loss: total.loss + share * metrics.loss,
      mainLoss: total.mainLoss + share * metrics.mainLoss,
      auxLoss: Object.fromEntries(
        Object.entries(metrics.auxLoss).map(([head, loss]) => [
          head,
          (total.auxLoss[head] ?? 0) + share * loss,
        ]),
      ),
      correct: total.correct + metrics.correct,
    };
  }
  return total;
}

function slice({ size, images, labels }: Batch, first: number, count: number): Batch {
  const length = images.length / size;
  return {
    size: count,
    images: images.subarray(first * length, (first + count) * length),
    labels: labels.subarray(first, first + count),
  };
}
