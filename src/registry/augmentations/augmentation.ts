import type { Static, TObject } from '@sinclair/typebox';
import type { RandomStream } from '../../random.js';
import type { ImageSize } from '../datasets/facts.js';
import type { Resolved } from '../schema.js';

/**
 * Changes in place the planes (channels × height × width, uint8) that start at `offset` in `images`.
 * What it draws depends on the index of the record alone, not on the place in the batch.
 */
export type Augment = (images: Uint8Array, offset: number, record: number) => void;

/** One kind of random change of training images. */
export interface AugmentationEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** Prepares the change for one epoch: `stream` is the epoch's own, every draw comes from it. */
  prepare(options: Resolved<Static<S>>, image: ImageSize, stream: RandomStream): Augment;
}

/** Ties an entry's function to the type of its own schema. */
export function defineAugmentation<S extends TObject>(entry: AugmentationEntry<S>): AugmentationEntry<S> {
  return entry;
}
