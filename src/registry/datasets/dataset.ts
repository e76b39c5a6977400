import type { Static, TObject } from '@sinclair/typebox';
import type { Resolved } from '../schema.js';
import type { DatasetContents, ImageSize } from './facts.js';

/** The parts that a data set comes in. */
export type StoredSplit = keyof DatasetContents['count'];

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

/** How many images of each split are used; null: all. */
export type Limit = Readonly<Record<StoredSplit, number | null>>;

/** The options of every data set, defaults filled in. (Aliases: an interface would not go where any options may.) */
export type CommonOptions = {
  readonly limit: Limit;
  /** The share of the training images that is set apart for validation, or the test set in its place. */
  readonly validation: number | 'test';
};

/** The options of an archive data set, defaults filled in. */
export type ArchiveOptions = CommonOptions & {
  /** Where the files are kept; a relative path starts at the current working directory. */
  readonly root: string;
  /** Another source than the entry's own: a http:, https: or file: URL, and its digest (64 hex digits). */
  readonly archive: { readonly url: string; readonly sha256: string } | null;
};

/** The options of images in files of the user's own, defaults filled in. */
export type FilesOptions = Omit<CommonOptions, 'validation'> & {
  /** Null: the images that are kept apart, else a tenth. */
  readonly validation: CommonOptions['validation'] | null;
  /** The share of all images that is the test set; null: the images that are kept apart, else a tenth. */
  readonly test: number | null;
  /** What becomes of an image that cannot be read. */
  readonly unreadable: 'error' | 'skip';
  /** What becomes of images of the same content in two splits. */
  readonly duplicates: 'warn' | 'error';
} & (
    | {
        /** The directory that holds them. */
        readonly root: string;
      }
    | {
        /** The file that lists them. */
        readonly file: string;
      }
  );

export type DatasetOptions = ArchiveOptions | CommonOptions | FilesOptions;

interface Entry<S extends TObject> {
  readonly schema: S;
  readonly statistics: ChannelStatistics;
}

interface KnownEntry<S extends TObject> extends Entry<S> {
  /** What the data set has with these options, before its images are read. */
  contents(options: Resolved<Static<S>>): DatasetContents;
}

/** A data set of binary record files in a tar.gz archive. */
export interface ArchiveDataset<S extends TObject = TObject> extends KnownEntry<S> {
  readonly kind: 'archive';
  readonly archive: { readonly url: string; readonly md5: string };
  /** The folder inside the archive that holds the files, and the folder below `root` that they are kept in. */
  readonly folder: string;
  readonly files: Readonly<Record<StoredSplit, readonly RecordFile[]>>;
  /** Byte offsets inside one record: the label that is learnt, and the first byte of the image planes. */
  readonly record: { readonly bytes: number; readonly labelOffset: number; readonly imageOffset: number };
}

/** Draws image `index` of a split into `planes` (channels × height × width). */
export type Draw = (seed: number, split: StoredSplit, index: number, planes: Uint8Array) => void;

/** A data set that is drawn by a function of (seed, split, index) alone. */
export interface GeneratedDataset<S extends TObject = TObject> extends KnownEntry<S> {
  readonly kind: 'generated';
  /** The class of image `index` of any split. */
  readonly label: (index: number) => number;
  /** What draws the images of these options. */
  draw(options: Resolved<Static<S>>): Draw;
}

/** Images in files of the user's own: `listImages` tells which there are. */
export interface FilesDataset<S extends TObject = TObject> extends Entry<S> {
  readonly kind: 'files';
}

export type DatasetEntry = ArchiveDataset | GeneratedDataset | FilesDataset;

/** The options of a data set of files. */
export function filesOptions(options: DatasetOptions): FilesOptions {
  if ('unreadable' in options) return options;
  throw new TypeError('a data set of files needs the options of one');
}

/** Keeps the type of an entry's schema, so that the type of a whole config follows from it. */
export function defineArchiveDataset<S extends TObject>({
  classes,
  image,
  ...entry
}: Omit<ArchiveDataset<S>, 'kind' | 'contents'> & {
  readonly classes: readonly string[];
  readonly image: ImageSize;
}): ArchiveDataset<S> {
  const recordsOf = (files: readonly RecordFile[]) => files.reduce((sum, { records }) => sum + records, 0);
  const count = { train: recordsOf(entry.files.train), test: recordsOf(entry.files.test) };
  return { kind: 'archive', ...entry, contents: () => ({ classes, image, count }) };
}

/** As `defineArchiveDataset`, for a data set that is drawn. */
export function defineGeneratedDataset<S extends TObject>(
  entry: Omit<GeneratedDataset<S>, 'kind'>,
): GeneratedDataset<S> {
  return { kind: 'generated', ...entry };
}

/** Of the photographs of ImageNet, with which weights that others trained were trained; those of a folder are unknown. */
const PHOTOGRAPHS: ChannelStatistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** As `defineArchiveDataset`, for files of the user's own. */
export function defineFilesDataset<S extends TObject>(
  entry: Omit<FilesDataset<S>, 'kind' | 'statistics'>,
): FilesDataset<S> {
  return { kind: 'files', statistics: PHOTOGRAPHS, ...entry };
}
