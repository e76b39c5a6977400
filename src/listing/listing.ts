/** Files of images. */
export interface ImageFiles {
  /** Relative to the directory that the listing starts at, or absolute. */
  readonly paths: readonly string[];
  /** A class number each. */
  readonly labels: Int32Array;
  /** What belongs together (a patient, a video) and is never in two splits; null where nothing says it. */
  readonly groups: readonly string[] | null;
}

/** The images that somebody has, as directories or a list name them: classes in natural order, images too. */
export interface Listing {
  readonly classes: readonly string[];
  readonly train: ImageFiles;
  /** Null where they are not kept apart: see `splitListing`. */
  readonly validation: ImageFiles | null;
  readonly test: ImageFiles | null;
}

/** A mistake in what is listed. */
export interface ListingProblem {
  /** The option of the data set that it is about. */
  readonly key: string;
  readonly expected: string;
  readonly actual: string;
}

/** A listing, or every mistake in it. */
export type Listed = { readonly listing: Listing } | { readonly problems: readonly ListingProblem[] };

/** Some of the files, in the order of `indices`. */
export function pickFiles({ paths, labels, groups }: ImageFiles, indices: Uint32Array): ImageFiles {
  return {
    paths: Array.from(indices, (index) => paths[index]!),
    labels: Int32Array.from(indices, (index) => labels[index]!),
    groups: groups && Array.from(indices, (index) => groups[index]!),
  };
}
