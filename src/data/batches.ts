import { firstIndices } from '../listing/sample.js';
import { permutation, randomStream } from '../random.js';
import type { Augment } from '../registry/augmentations/augmentation.js';
import { augmentationEntry } from '../registry/augmentations/index.js';
import type { ImageSize } from '../registry/datasets/facts.js';
import type { Experiment } from '../registry/experiment.js';
import type { Inputs, InputValues } from './source.js';

/** Some images side by side, as a step reads them. */
export interface Batch {
  readonly size: number;
  /** size × channels × height × width, uint8 planes; or features of these images. */
  readonly images: InputValues;
  /** size class numbers. */
  readonly labels: Int32Array;
  /** size image numbers. */
  readonly indices: Uint32Array;
}

/** Which images an epoch reads, in which order, and how many at a time. */
export interface BatchPlan {
  readonly source: Inputs;
  readonly order: Uint32Array;
  readonly batchSize: number;
  /** Changes of each image, in this order; none for evaluation and of features. */
  readonly augment: readonly Augment[];
}

/** The image numbers in the order in which `epoch` reads them. */
export function epochOrder(seed: number, epoch: number, count: number, shuffle: boolean): Uint32Array {
  return shuffle ? permutation(seed, 'shuffle', epoch, count) : firstIndices(count);
}

/** Steps of one epoch; the last one may read fewer than `batchSize` images. */
export function stepsPerEpoch(count: number, batchSize: number): number {
  return Math.ceil(count / batchSize);
}

/** The changes that `epoch` makes to training images; each kind draws from a stream of its own. */
export function epochAugment(
  { augmentation, seed, input }: Pick<Experiment, 'augmentation' | 'seed' | 'input'>,
  image: ImageSize,
  epoch: number,
): Augment[] {
  const mean = input.normalize.mean.map((value) => Math.min(255, Math.max(0, Math.round(255 * value))));
  return augmentation.map((options, position) => {
    // The same kind twice must not draw the same twice: two such flips would undo each other.
    const earlier = augmentation.slice(0, position).filter((other) => other.type === options.type).length;
    const purpose = `augment.${options.type}${earlier === 0 ? '' : `.${earlier}`}`;
    const first = randomStream(seed, purpose, 0);
    const context = { epoch, first, mean };
    return augmentationEntry(options.type).prepare(
      options,
      image,
      randomStream(seed, purpose, epoch),
      context,
    );
  });
}

/**
 * The batch of `step` (from 0) of an epoch: a function of its arguments alone.
 * @throws UserError where an image cannot be read
 */
export async function batchAt(plan: BatchPlan, step: number): Promise<Batch> {
  const { source, order, batchSize, augment } = plan;
  const indices = order.slice(step * batchSize, (step + 1) * batchSize);
  if (!(step >= 0 && indices.length > 0)) {
    throw new RangeError(`step: expected 0 to ${stepsPerEpoch(order.length, batchSize) - 1}, got ${step}`);
  }
  const images = await source.read(indices);
  if (images instanceof Uint8Array) {
    const bytes = images.length / indices.length;
    for (const [place, index] of indices.entries()) {
      for (const change of augment) change(images, place * bytes, index);
    }
  }
  const labels = Int32Array.from(indices, (index) => source.labels[index]!);
  return { size: indices.length, images, labels, indices };
}

/** Batches that are read ahead of the one in use: what memory they take, and what a slow read may last unnoticed. */
const AHEAD = 2;

/**
 * The batches of an epoch from `firstStep` (from 0) to its end, read ahead while the consumer is at work with one. When
 * the consumer stops, or a batch cannot be read, those under way come to their end before the stream does.
 * @throws UserError where an image cannot be read: in place of its batch
 */
export async function* streamBatches(plan: BatchPlan, firstStep = 0): AsyncGenerator<Batch, void, undefined> {
  const steps = stepsPerEpoch(plan.order.length, plan.batchSize);
  const ahead: Promise<Batch>[] = [];
  let next = firstStep;
  const readAhead = () => {
    for (; next < steps && ahead.length < AHEAD; next++) {
      const reading = batchAt(plan, next);
      // Whoever comes to it hears of a failure; until then it is no unhandled one.
      reading.catch(() => {});
      ahead.push(reading);
    }
  };
  try {
    for (readAhead(); ahead.length > 0; ) {
      const batch = await ahead.shift()!;
      readAhead();
      yield batch;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
