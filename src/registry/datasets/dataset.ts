import type { TObject } from '@sinclair/typebox';

export type Split = 'train' | 'test';

/** Size of one image; pixels are uint8 in planes: channels × height × width. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Red, green and blue of the training images, on the scale 0 to 1: what `input.normalize` takes. */
export interface ChannelStatistics {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** One file of fixed-size records inside an archive. */
export interface RecordFile {
  readonly name: string;
  readonly records: number;
  /** Without it, the file is known by the manifest that is written when the (checked) archive is extracted. */
  readonly md5?: string;
}

/** How many of the first records of each split are used; null: all. */
export interface Limit {
  readonly train: number | null;
  readonly test: number | null;
}

/** The options of an archive data set, defaults filled in. */
export interface ArchiveOptions {
  /** Where the files are kept; a relative path starts at the current working directory. */
  readonly root: string;
  readonly limit: Limit;
  /** Another source than the entry's own: a http:, https: or file: URL, and its digest (64 hex digits). */
  readonly archive: { readonly url: string; readonly sha256: string } | null;
}

/** The options of a generated data set, defaults filled in. */
export interface GeneratedOptions {
  readonly limit: Limit;
}

export type DatasetOptions = ArchiveOptions | GeneratedOptions;

/** A data set of binary record files in a tar.gz archive. */
export interface ArchiveDataset<S extends TObject = TObject> {
  readonly kind: 'archive';
  readonly schema: S;
  readonly image: ImageSize;
  readonly classes: readonly string[];
  readonly statistics: ChannelStatistics;
  readonly archive: { readonly url: string; readonly md5: string };
  /** The folder inside the archive that holds the files, and the folder below `root` that they are kept in. */
  readonly folder: string;
  readonly files: Readonly<Record<Split, readonly RecordFile[]>>;
  /** Byte offsets inside one record: the label that is learnt, and the first byte of the image planes. */
  readonly record: { readonly bytes: number; readonly labelOffset: number; readonly imageOffset: number };
}

/** A data set that is drawn by a function of (seed, split, index) alone. */
export interface GeneratedDataset<S extends TObject = TObject> {
  readonly kind: 'generated';
  readonly schema: S;
  readonly image: ImageSize;
  readonly classes: readonly string[];
  readonly statistics: ChannelStatistics;
  readonly counts: Readonly<Record<Split, number>>;
  /** Draws image `index` of `split` into `planes` (channels × height × width) and returns its label. */
  readonly draw: (seed: number, split: Split, index: number, planes: Uint8Array) => number;
}

export type DatasetEntry = ArchiveDataset | GeneratedDataset;

/** Keeps the type of an entry's schema, so that the type of a whole config follows from it. */
export function defineArchiveDataset<S extends TObject>(
  entry: Omit<ArchiveDataset<S>, 'kind'>,
): ArchiveDataset<S> {
  return { kind: 'archive', ...entry };
}

/** As `defineArchiveDataset`, for a data set that is drawn. */
export function defineGeneratedDataset<S extends TObject>(
  entry: Omit<GeneratedDataset<S>, 'kind'>,
): GeneratedDataset<S> {
  return { kind: 'generated', ...entry };
}
