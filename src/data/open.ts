import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../config/resolve.js';
import { shorten } from '../config/words.js';
import { UserError } from '../errors.js';
import { imagePath, listImages, listingBase } from '../listing/list_images.js';
import type { ListingProblem } from '../listing/listing.js';
import { complement, firstIndices, limitedIndices, stratifiedSample } from '../listing/sample.js';
import { splitListing } from '../listing/split_listing.js';
import {
  type ArchiveDataset,
  type DatasetOptions,
  type FilesOptions,
  filesOptions,
  type GeneratedDataset,
  type StoredSplit,
} from '../registry/datasets/dataset.js';
import type { DatasetContents, DatasetFacts, ImageSize, Split } from '../registry/datasets/facts.js';
import { type DatasetType, datasetEntry } from '../registry/datasets/index.js';
import { archiveOptions } from './ensure_files.js';
import { drawRecords, readLabels, readRecords } from './records.js';
import { fileState, type RunImages, readRunImages, type SplitFiles } from './run_images.js';
import { type Source, subset } from './source.js';

/** Memory for images that were decoded once, of all splits: 1 GiB, 7,132 images of 224 × 224. */
const CACHE_BYTES = 2 ** 30;

/** Every split of a run; that of validation is empty where the test set stands in. */
export type Splits = Readonly<Record<Split, Source>>;

/** Which image files a run reads; without it, the folder is listed and split anew. */
export interface ImageChoice {
  /** images.jsonl of a run, which may have none; null for no run. */
  readonly file: string | null;
  /** Is told of images that have changed since. */
  readonly log?: (line: string) => void;
}

/**
 * Opens the images that the run uses: files of the user's own are decoded as they are read, others are read into memory,
 * or drawn from the seed. The files must be there: see `ensureFiles`.
 * @throws UserError where one is unreadable, has another length or an impossible label, or the data set is not the one
 * that the plan knows
 */
export async function openSplits(plan: Plan, choice?: ImageChoice): Promise<Splits> {
  if (datasetEntry(plan.config.dataset.type).kind === 'files') return openFiles(plan, choice);
  const [images, test] = [await openStored(plan, 'train'), await openStored(plan, 'test')];
  return { ...splitTraining(plan, images), test };
}

/** As `openSplits`, one split. */
export async function openSplit(plan: Plan, split: Split, choice?: ImageChoice): Promise<Source> {
  if (datasetEntry(plan.config.dataset.type).kind === 'files') return (await openFiles(plan, choice))[split];
  if (split === 'test') return openStored(plan, 'test');
  return splitTraining(plan, await openStored(plan, 'train'))[split];
}

/** Sets images of each class apart: a function of seed and labels. */
function splitTraining({ config: { seed }, dataset: { count } }: Plan, images: Source): Omit<Splits, 'test'> {
  if (count.validation === 0) return { train: images, validation: subset(images, new Uint32Array()) };
  const apart = stratifiedSample(images.labels, count.validation, seed, 'validation');
  return { train: subset(images, complement(apart, images.count)), validation: subset(images, apart) };
}

/** A split as the data set has it, within its limit: what the plan knows of it must be so. */
async function openStored({ config, dataset: facts }: Plan, split: StoredSplit): Promise<Source> {
  const { dataset: options, seed } = config;
  const entry = knownEntry(options.type);
  requireSameContents(options.type, entry.contents(options), facts);
  const source = await openSource(entry, options, seed, split);
  const { count } = facts;
  const expected = split === 'test' ? count.test : count.train + count.validation;
  if (source.count !== expected) throw otherData(options.type, `${expected} ${split} images`, source.count);
  return source;
}

/** As `openSplits`, a split as the data set has it, within its limit. */
export async function openSource(
  entry: ArchiveDataset | GeneratedDataset,
  options: DatasetOptions,
  seed: number,
  split: StoredSplit,
): Promise<Source> {
  const contents = entry.contents(options);
  const limit = options.limit[split];
  const available = contents.count[split];
  const within = async (labels: () => Int32Array | Promise<Int32Array>) =>
    limit === null || limit >= available
      ? firstIndices(available)
      : limitedIndices(await labels(), limit, seed, split);
  if (entry.kind === 'generated') {
    const indices = await within(() => Int32Array.from(firstIndices(available), entry.label));
    return drawRecords(contents, entry.draw(options), entry.label, seed, split, indices);
  }
  const place = { entry, contents, split, folder: join(archiveOptions(options).root, entry.folder) };
  return readRecords(place, await within(() => readLabels(place)));
}

function knownEntry(type: DatasetType): ArchiveDataset | GeneratedDataset {
  const entry = datasetEntry(type);
  if (entry.kind === 'files') throw new TypeError(`${type}: its images are files`);
  return entry;
}

/** The images of files in their splits. */
async function openFiles({ config, dataset: facts }: Plan, { file, log }: ImageChoice = { file: null }) {
  const { dataset, seed } = config;
  const options = filesOptions(dataset);
  const base = listingBase(options);
  const files =
    file !== null && existsSync(file)
      ? await readRunImages(file, base, log)
      : listedNow(dataset.type, facts.classes, options, seed);
  // What decodes is loaded where there is something to decode.
  const { fileSource, ImageCache } = await import('./file_source.js');
  const cache = new ImageCache(CACHE_BYTES);
  const open = (split: Split): Source => {
    const source = fileSource(base, files[split], files[split].states, facts.image, cache);
    if (source.count !== facts.count[split]) {
      throw otherData(dataset.type, `${facts.count[split]} ${split} images`, source.count);
    }
    if (source.labels.some((label) => label >= facts.classes.length)) {
      throw otherData(
        dataset.type,
        `labels below ${facts.classes.length}`,
        Math.max(...new Set(source.labels)),
      );
    }
    return source;
  };
  return { train: open('train'), validation: open('validation'), test: open('test') };
}

function listedNow(type: string, classes: readonly string[], options: FilesOptions, seed: number): RunImages {
  const listed = listImages(options);
  if ('problems' in listed) {
    const [{ expected, actual }] = listed.problems as [ListingProblem];
    throw new UserError(`${listingBase(options)}: expected ${expected}, got ${actual}`);
  }
  const { listing } = listed;
  requireSameClasses(type, listing.classes, classes);
  const { files } = splitListing(listing, options, seed);
  const withStates = (split: Split): SplitFiles => ({
    ...files[split],
    states: files[split].paths.map(
      (path) => fileState(imagePath(listingBase(options), path)) ?? { bytes: 0, modified: 0 },
    ),
  });
  return { train: withStates('train'), validation: withStates('validation'), test: withStates('test') };
}

/** A run goes on with, and is measured on, what it learnt from. */
function requireSameContents(type: string, { image, classes }: DatasetContents, facts: DatasetFacts): void {
  const sizeOf = ({ channels, height, width }: ImageSize) => `${channels} × ${height} × ${width}`;
  if (sizeOf(image) !== sizeOf(facts.image)) {
    throw otherData(type, `images of ${sizeOf(facts.image)}`, sizeOf(image));
  }
  requireSameClasses(type, classes, facts.classes);
}

function requireSameClasses(type: string, classes: readonly string[], expected: readonly string[]): void {
  if (classes.join('\n') === expected.join('\n')) return;
  throw otherData(type, `the classes ${shorten(expected.join(', '))}`, shorten(classes.join(', ')));
}

function otherData(type: string, expected: string, actual: string | number): UserError {
  return new UserError(
    `data set ${type}: expected ${expected}, as the run keeps them in plan.json and state.json, got ${actual}`,
    { hint: 'One of these files is damaged, or the data set is another one.' },
  );
}
