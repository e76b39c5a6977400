import { listImages } from '../listing/list_images.js';
import { shareCount, splitListing } from '../listing/split_listing.js';
import {
  type CommonOptions,
  type FilesOptions,
  filesOptions,
  type StoredSplit,
} from '../registry/datasets/dataset.js';
import type { DatasetContents, DatasetFacts } from '../registry/datasets/facts.js';
import { datasetEntry } from '../registry/datasets/index.js';
import type { Experiment } from '../registry/experiment.js';
import type { Problem } from './network.js';
import { printable } from './words.js';

/** What a run of a config uses of its data set; null where that cannot be known. */
interface Asked {
  readonly facts: DatasetFacts | null;
  readonly problems: readonly Problem[];
}

/** Asks the data set what it has, and works out what a run of this config uses of it. */
export function datasetFacts(config: Experiment): Asked {
  const { dataset } = config;
  const entry = datasetEntry(dataset.type);
  if (entry.kind === 'files') return factsOfFiles(config, filesOptions(dataset));
  const contents = entry.contents(dataset);
  const { facts, problems } = factsWithin(contents, dataset as CommonOptions);
  return { facts, problems: [...limitsBeyond(contents.count, dataset), ...problems] };
}

function factsWithin(
  { classes, image, count }: DatasetContents,
  { limit, validation }: CommonOptions,
): Asked {
  const within = (split: StoredSplit) => Math.min(limit[split] ?? count[split], count[split]);
  const [images, test] = [within('train'), within('test')];
  const apart = validation === 'test' ? 0 : shareCount(images, validation);
  const facts: DatasetFacts = {
    classes,
    image,
    count: { train: images - apart, validation: apart, test },
    chosenOn: validation === 'test' ? 'test' : 'validation',
  };
  if (images > 1 || validation === 'test') return { facts, problems: [] };
  const expected = 'test, or at least 2 training images to set some apart';
  const actual = `${validation} of ${images}`;
  return { facts, problems: [{ path: ['dataset', 'validation'], expected, actual }] };
}

/** Images in files differ in size: what the network sees is what they are resized to. */
function factsOfFiles({ seed, input, dataset }: Experiment, options: FilesOptions): Asked {
  const problems: Problem[] = [];
  const { resize } = input;
  if (resize === null) {
    const expected = `a number of pixels, as the images of ${dataset.type} may differ in size`;
    problems.push({ path: ['input', 'resize'], expected, actual: 'null' });
  }
  const listed = listImages(options);
  if ('problems' in listed) {
    for (const { key, expected, actual } of listed.problems) {
      problems.push({ path: ['dataset', key], expected: printable(expected), actual: printable(actual) });
    }
    return { facts: null, problems };
  }
  const { files, available } = splitListing(listed.listing, options, seed);
  const [train, validation, test] = [files.train, files.validation, files.test].map(
    ({ paths }) => paths.length,
  ) as [number, number, number];
  problems.push(...limitsBeyond(available, dataset));
  const splits = { validation, test };
  for (const split of ['validation', 'test'] as const) {
    if (splits[split] > 0 || (split === 'validation' && options.validation === 'test')) continue;
    const expected = `images to set apart: more than ${train}, or groups that can be divided`;
    problems.push({ path: ['dataset', split], expected, actual: 'none' });
  }
  if (problems.length > 0 || resize === null) return { facts: null, problems };
  const chosenOn = options.validation === 'test' ? 'test' : 'validation';
  const image = { channels: 3, height: resize, width: resize };
  const { classes } = listed.listing;
  return { facts: { classes, image, count: { train, validation, test }, chosenOn }, problems };
}

function limitsBeyond(
  count: DatasetContents['count'],
  { limit, ...dataset }: Experiment['dataset'],
): Problem[] {
  return (['train', 'test'] satisfies StoredSplit[]).flatMap((split) => {
    const wanted = limit[split];
    const expected = `at most ${count[split]}, the ${split} images of ${dataset.type}`;
    return wanted === null || wanted <= count[split]
      ? []
      : [{ path: ['dataset', 'limit', split], expected, actual: String(wanted) }];
  });
}
