import type { DatasetOptions, StoredSplit } from '../registry/datasets/dataset.js';
import type { DatasetContents, DatasetFacts } from '../registry/datasets/facts.js';
import { datasetEntry } from '../registry/datasets/index.js';
import type { Experiment } from '../registry/experiment.js';
import type { Problem } from './network.js';

/** Asks the data set's entry what it has, and works out what a run of this config uses of it. */
export function datasetFacts({ dataset }: Experiment): { facts: DatasetFacts; problems: Problem[] } {
  const contents = datasetEntry(dataset.type).contents(dataset);
  const { facts, problems } = factsWithin(contents, dataset);
  return { facts, problems: [...limitsBeyond(contents, dataset), ...problems] };
}

function factsWithin(
  { classes, image, count }: DatasetContents,
  { limit, validation }: DatasetOptions,
): { facts: DatasetFacts; problems: Problem[] } {
  const within = (split: StoredSplit) => Math.min(limit[split] ?? count[split], count[split]);
  const [images, test] = [within('train'), within('test')];
  const apart = validation === 'test' ? 0 : validationCount(images, validation);
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

/** Both parts have an image at least. */
function validationCount(images: number, share: number): number {
  return Math.min(images - 1, Math.max(1, Math.round(images * share)));
}

function limitsBeyond({ count }: DatasetContents, { limit, ...dataset }: Experiment['dataset']): Problem[] {
  return (['train', 'test'] satisfies StoredSplit[]).flatMap((split) => {
    const wanted = limit[split];
    const expected = `at most ${count[split]}, the ${split} images of ${dataset.type}`;
    return wanted === null || wanted <= count[split]
      ? []
      : [{ path: ['dataset', 'limit', split], expected, actual: String(wanted) }];
  });
}
