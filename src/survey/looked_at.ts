import type { Split } from '../registry/datasets/facts.js';

/** Bytes of a SHA-256. */
export const DIGEST_BYTES = 32;
export const SPLITS = ['train', 'validation', 'test'] as const satisfies Split[];

/**
 * Where the images of all splits are, one behind the other: image `index` belongs to the first split whose `end` is
 * behind it.
 */
export interface Images {
  readonly count: number;
  /** A class number each. */
  readonly labels: Int32Array;
  /** The number behind the last image of each split. */
  readonly ends: Readonly<Record<Split, number>>;
  /** How an image is called: its path, or its split and its number there. */
  readonly nameOf: (index: number) => string;
}

export function splitOf({ ends }: Pick<Images, 'ends'>, index: number): Split {
  return SPLITS.find((split) => index < ends[split])!;
}

/** An image that cannot be read, and why. */
export interface UnreadableImage {
  readonly path: string;
  readonly split: Split;
  readonly error: string;
}
