import { permutation, randomStream } from '../random.js';
import type { Augment } from '../registry/augmentations/augmentation.js';
import { type AugmentationOptions, augmentationEntry } from '../registry/augmentations/index.js';
import type { ImageSize } from '../registry/datasets/dataset.js';
import { planeBytes, type Records } from './records.js';

/** Some records side by side, as a step reads them. */
export interface Batch {
  readonly size: number;
  /** size × channels × height × width, uint8 planes. */
  readonly images: Uint8Array;
  /** size class numbers. */
  readonly labels: Int32Array;
  /** size record numbers. */
  readonly indices: Uint32Array;
}

/** Which records an epoch reads, in which order, and how many at a time. */
export interface BatchPlan {
  readonly records: Records;
  readonly order: Uint32Array;
  readonly batchSize: number;
  /** Changes of each image, in this order; none for evaluation. */
  readonly augment: readonly Augment[];
}

/** The record numbers in the order in which `epoch` reads them. */
export function epochOrder(seed: number, epoch: number, count: number, shuffle: boolean): Uint32Array {
  return shuffle
    ? permutation(seed, 'shuffle', epoch, count)
    : Uint32Array.from({ length: count }, (_, i) => i);
}

/** Steps of one epoch; the last one may read fewer than `batchSize` records. */
export function stepsPerEpoch(count: number, batchSize: number): number {
  return Math.ceil(count / batchSize);
}

/** The changes that `epoch` makes to training images; each kind draws from a stream of its own. */
export function epochAugment(
  config: readonly AugmentationOptions[],
  image: ImageSize,
  seed: number,
  epoch: number,
): Augment[] {
  return config.map((options, position) => {
    // The same kind twice must not draw the same twice: two such flips would undo each other.
    const earlier = config.slice(0, position).filter((other) => other.type === options.type).length;
    const purpose = `augment.${options.type}${earlier === 0 ? '' : `.${earlier}`}`;
    return augmentationEntry(options.type).prepare(options, image, randomStream(seed, purpose, epoch));
  });
}

/** Memory for one batch, to be filled again and again. */
export function allocateBatch(image: ImageSize, size: number): Batch {
  return {
    size,
    images: new Uint8Array(size * planeBytes(image)),
    labels: new Int32Array(size),
    indices: new Uint32Array(size),
  };
}

/**
 * The batch of `step` (from 0) of an epoch: a function of its arguments alone. It is written to `out`, which holds
 * batchSize records; a last, shorter batch is a view of its beginning.
 */
export function batchAt(
  plan: BatchPlan,
  step: number,
  out = allocateBatch(plan.records.image, plan.batchSize),
): Batch {
  const { records, order, batchSize, augment } = plan;
  const first = step * batchSize;
  const size = Math.min(batchSize, order.length - first);
  if (!(step >= 0 && size > 0)) {
    throw new RangeError(`step: expected 0 to ${stepsPerEpoch(order.length, batchSize) - 1}, got ${step}`);
  }
  const bytes = planeBytes(records.image);
  const { images, labels, indices } = out;
  for (let i = 0; i < size; i++) {
    const record = order[first + i]!;
    const offset = i * bytes;
    images.set(records.images.subarray(record * bytes, (record + 1) * bytes), offset);
    for (const change of augment) change(images, offset, record);
    labels[i] = records.labels[record]!;
    indices[i] = record;
  }
  if (size === out.size) return out;
  return {
    size,
    images: images.subarray(0, size * bytes),
    labels: labels.subarray(0, size),
    indices: indices.subarray(0, size),
  };
}

/**
 * The batches of an epoch from `firstStep` (from 0) to its end. While the consumer awaits its step, the next batch is
 * assembled; where the step blocks the thread, it is assembled when it is asked for, and nothing is lost.
 * Two buffers take turns: a batch is valid until the next one is asked for.
 */
export async function* streamBatches(plan: BatchPlan, firstStep = 0): AsyncGenerator<Batch, void, undefined> {
  const { image } = plan.records;
  const steps = stepsPerEpoch(plan.order.length, plan.batchSize);
  const buffers = [allocateBatch(image, plan.batchSize), allocateBatch(image, plan.batchSize)] as const;
  const assemble = (step: number): Batch => batchAt(plan, step, buffers[step % 2 === 0 ? 0 : 1]);
  let ahead: Batch | undefined;
  for (let step = firstStep; step < steps; step++) {
    const batch: Batch = ahead ?? assemble(step);
    ahead = undefined;
    const soon = setImmediate(() => {
      if (step + 1 < steps) ahead = assemble(step + 1);
    });
    try {
      yield batch;
    } finally {
      clearImmediate(soon);
    }
  }
}
