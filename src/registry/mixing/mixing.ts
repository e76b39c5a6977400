import type { Static, TObject } from '@sinclair/typebox';
import type { ImageSize } from '../datasets/facts.js';
import { type Resolved, Type } from '../schema.js';

/** One batch of images: size × channels × height × width, uint8 planes. */
export interface BatchImages {
  readonly size: number;
  readonly image: ImageSize;
  readonly images: Uint8Array;
}

/** A way of mixing each image of a batch with the one before it, the first one with the last. */
export interface MixingEntry<S extends TObject = TObject> {
  readonly schema: S;
  /**
   * Mixes in place.
   * @param next the batch's own random numbers, in [0, 1), each call another
   * @returns the share of an image itself in what it has become; the rest is its partner's
   */
  mix(options: Resolved<Static<S>>, batch: BatchImages, next: () => number): number;
}

/** Ties an entry's function to the type of its own schema. */
export function defineMixing<S extends TObject>(entry: MixingEntry<S>): MixingEntry<S> {
  return entry;
}

export const mixingFields = {
  alpha: Type.Optional(
    Type.Number({
      minimum: 0.01,
      maximum: 100,
      default: 1,
      description: 'The share λ is drawn from Beta(alpha, alpha): the smaller, the nearer to 0 or 1.',
    }),
  ),
  weight: Type.Optional(
    Type.Number({
      exclusiveMinimum: 0,
      default: 1,
      description: 'How often this one is taken, beside the weights of the others.',
    }),
  ),
};
