import type { Limit } from '../registry/datasets/dataset.js';
import type { Split } from '../registry/datasets/facts.js';
import { groupedSample } from './grouped_sample.js';
import { type ImageFiles, type Listing, pickFiles } from './listing.js';
import { complement, limitedIndices, stratifiedSample } from './sample.js';

/** How a listing is split. */
export interface SplitOptions {
  readonly limit: Limit;
  /** Null: the images that the listing keeps apart, else a tenth. */
  readonly validation: number | 'test' | null;
  readonly test: number | null;
}

export interface SplitListing {
  readonly files: Readonly<Record<Split, ImageFiles>>;
  /** Images before limits: for training and validation together where the listing does not keep these apart. */
  readonly available: Readonly<Record<'train' | 'test', number>>;
}

const DEFAULT_SHARE = 0.1;

/**
 * The images of each split: a function of its arguments alone. Where the listing has no test images, a share of all is
 * set apart for them first; then the limits hold; then a share of the training images is set apart for validation. Each
 * is chosen alike of each class, from the seed; with groups, whole groups are.
 */
export function splitListing(listing: Listing, options: SplitOptions, seed: number): SplitListing {
  const [all, test] = listing.test
    ? [listing.train, listing.test]
    : setApart(listing.train, options.test ?? DEFAULT_SHARE, seed, 'test');
  const available = { train: all.paths.length, test: test.paths.length };
  const images = withinLimit(all, options.limit.train, seed, 'train');
  const [train, validation] = listing.validation
    ? [images, listing.validation]
    : options.validation === 'test'
      ? [images, pickFiles(images, new Uint32Array())]
      : setApart(images, options.validation ?? DEFAULT_SHARE, seed, 'validation');
  return {
    files: { train, validation, test: withinLimit(test, options.limit.test, seed, 'test') },
    available,
  };
}

/** How many of `images` a share is: one at least, and not all. */
export function shareCount(images: number, share: number): number {
  return Math.min(images - 1, Math.max(1, Math.round(images * share)));
}

/** What is left, and what is set apart: nothing where there is too little to divide. */
function setApart(
  files: ImageFiles,
  share: number,
  seed: number,
  purpose: string,
): [rest: ImageFiles, apart: ImageFiles] {
  const { labels, groups } = files;
  const count = Math.max(0, shareCount(labels.length, share));
  const apart = groups
    ? groupedSample(labels, groups, count, seed, purpose)
    : stratifiedSample(labels, count, seed, purpose);
  return [pickFiles(files, complement(apart, labels.length)), pickFiles(files, apart)];
}

function withinLimit(files: ImageFiles, limit: number | null, seed: number, split: string): ImageFiles {
  if (limit === null || limit >= files.labels.length) return files;
  return pickFiles(files, limitedIndices(files.labels, limit, seed, split));
}
