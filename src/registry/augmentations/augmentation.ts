import type { Static, TObject } from '@sinclair/typebox';
import type { RandomStream } from '../../random.js';
import type { ImageSize } from '../datasets/facts.js';
import type { Resolved } from '../schema.js';

/**
 * Changes in place the planes (channels × height × width, uint8) that start at `offset` in `images`.
 * What it draws depends on the index of the record alone, not on the place in the batch.
 */
export type Augment = (images: Uint8Array, offset: number, record: number) => void;

/** What a change may depend on besides its draws. */
export interface AugmentContext {
  /** From 0. */
  readonly epoch: number;
  /** The stream of the first epoch: what it gives of a record is the same in every epoch. */
  readonly first: RandomStream;
  /** The pixel values that normalizing makes 0, to the nearest whole ones: a number for each channel. */
  readonly mean: readonly number[];
}

/** An option that images of a data set make wrong or useless. */
export interface OptionProblem {
  /** Of the option; empty for the entry itself. */
  readonly key: string;
  readonly expected: string;
  readonly actual: string;
}

/** One kind of random change of training images. */
export interface AugmentationEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** What a schema cannot say of the options: those without effect, and those that images of this size do not allow. */
  problems?(options: Resolved<Static<S>>, image: ImageSize): OptionProblem[];
  /** Prepares the change for one epoch: `stream` is the epoch's own, every draw comes from it. */
  prepare(
    options: Resolved<Static<S>>,
    image: ImageSize,
    stream: RandomStream,
    context: AugmentContext,
  ): Augment;
}

/** Ties an entry's functions to the type of its own schema. */
export function defineAugmentation<S extends TObject>(entry: AugmentationEntry<S>): AugmentationEntry<S> {
  return entry;
}

/** The numbers that one record draws, each by its place among them. */
export interface Draws {
  /** In [0, 1). */
  uniform(place: number): number;
  /** In [low, high). */
  between(place: number, low: number, high: number): number;
  /** An integer in [0, n). */
  integer(place: number, n: number): number;
}

/** @param count how many numbers each record draws at most */
export function recordDraws(stream: RandomStream, record: number, count: number): Draws {
  const first = record * count;
  return {
    uniform: (place) => stream.uniform(first + place),
    between: (place, low, high) => low + (high - low) * stream.uniform(first + place),
    integer: (place, n) => stream.integer(first + place, n),
  };
}
