import { join } from 'node:path';
import type { Plan } from '../config/resolve.js';
import { shorten } from '../config/words.js';
import { UserError } from '../errors.js';
import type { DatasetEntry, DatasetOptions, StoredSplit } from '../registry/datasets/dataset.js';
import type { DatasetContents, DatasetFacts, ImageSize, Split } from '../registry/datasets/facts.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { archiveOptions } from './ensure_files.js';
import { drawRecords, readLabels, readRecords } from './records.js';
import { complement, firstIndices, limitedIndices, stratifiedSample } from './sample.js';
import { type Source, subset } from './source.js';

/** Every split of a run; that of validation is empty where the test set stands in. */
export type Splits = Readonly<Record<Split, Source>>;

/**
 * Reads (or draws, from the seed) the images that the run uses. The files must be there: see `ensureFiles`.
 * @throws UserError where one is unreadable, has another length or an impossible label, or the data set is not the one
 * that the plan knows
 */
export async function openSplits(plan: Plan): Promise<Splits> {
  const [images, test] = [await openStored(plan, 'train'), await openStored(plan, 'test')];
  return { ...splitTraining(plan, images), test };
}

/** As `openSplits`, one split. */
export async function openSplit(plan: Plan, split: Split): Promise<Source> {
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
  const entry = datasetEntry(options.type);
  requireSameContents(options.type, entry.contents(options), facts);
  const source = await openSource(entry, options, seed, split);
  const { count } = facts;
  const expected = split === 'test' ? count.test : count.train + count.validation;
  if (source.count !== expected) throw otherData(options.type, `${expected} ${split} images`, source.count);
  return source;
}

/** As `openSplits`, a split as the data set has it, within its limit. */
export async function openSource(
  entry: DatasetEntry,
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

/** A run goes on with, and is measured on, what it learnt from. */
function requireSameContents(type: string, { image, classes }: DatasetContents, facts: DatasetFacts): void {
  const sizeOf = ({ channels, height, width }: ImageSize) => `${channels} × ${height} × ${width}`;
  if (sizeOf(image) !== sizeOf(facts.image)) {
    throw otherData(type, `images of ${sizeOf(facts.image)}`, sizeOf(image));
  }
  if (classes.join('\n') === facts.classes.join('\n')) return;
  throw otherData(type, `the classes ${shorten(facts.classes.join(', '))}`, shorten(classes.join(', ')));
}

function otherData(type: string, expected: string, actual: string | number): UserError {
  return new UserError(
    `data set ${type}: expected ${expected}, as the run keeps them in plan.json and state.json, got ${actual}`,
    { hint: 'One of these files is damaged, or the data set is another one.' },
  );
}
