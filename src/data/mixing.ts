import { randomStream } from '../random.js';
import type { DatasetFacts } from '../registry/datasets/facts.js';
import type { Experiment } from '../registry/experiment.js';
import { mixingEntry } from '../registry/mixing/index.js';

/** What the labels of a mixed batch become. */
export interface MixedLabels {
  /** Shares of each class, float32 [size, classes]; each row sums to 1. */
  readonly targets: Float32Array;
  /** The class of the largest share, an image's own where it is tied, [size]. */
  readonly labels: Int32Array;
}

/** Mixes the images of a batch in place. @param step of the epoch, from 0 */
export type Mix = (images: Uint8Array, labels: Int32Array, step: number) => MixedLabels;

/** Numbers set apart for each batch: rejection takes a few dozen at the most. */
const DRAWS = 4096;

/** How `epoch` (from 1) mixes its batches; null where it does not. What a batch draws follows from its step alone. */
export function epochMixing(
  { mixing, seed, training }: Pick<Experiment, 'mixing' | 'seed' | 'training'>,
  { image, classes }: Pick<DatasetFacts, 'image' | 'classes'>,
  epoch: number,
): Mix | null {
  if (mixing === null || epoch > training.epochs - mixing.off_epochs) return null;
  const { methods, probability } = mixing;
  const stream = randomStream(seed, 'mixing', epoch);
  const weights = methods.reduce((sum, { weight }) => sum + weight, 0);
  return (images, labels, step) => {
    let draw = step * DRAWS;
    const next = () => stream.uniform(draw++);
    if (next() >= probability) return mixLabels(labels, classes.length, 1);
    const options = weighted(methods, next() * weights);
    const batch = { size: labels.length, image, images };
    return mixLabels(labels, classes.length, mixingEntry(options.type).mix(options, batch, next));
  };
}

/** The method in whose weight `at` falls, as they lie one after the other. */
function weighted<M extends { readonly weight: number }>(methods: readonly M[], at: number): M {
  let end = 0;
  for (const method of methods) {
    end += method.weight;
    if (at < end) return method;
  }
  return methods.at(-1)!;
}

/** Targets and leading classes of images of which `share` is their own, the rest that of the image before. */
export function mixLabels(labels: Int32Array, classes: number, share: number): MixedLabels {
  const targets = new Float32Array(labels.length * classes);
  const leading = new Int32Array(labels.length);
  for (const [i, own] of labels.entries()) {
    const partner = labels.at(i - 1)!;
    targets[i * classes + own]! += share;
    targets[i * classes + partner]! += 1 - share;
    leading[i] = share >= 0.5 ? own : partner;
  }
  return { targets, labels: leading };
}
