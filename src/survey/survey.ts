import { loadPlan } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { filesStage } from '../data/stages.js';
import { Interrupted, UserError } from '../errors.js';
import { filesOptions } from '../registry/datasets/dataset.js';
import type { ImageSize, Split } from '../registry/datasets/facts.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { grouped } from '../terminal/format.js';
import { InterruptHandler } from '../terminal/interrupt.js';
import { runStages } from '../terminal/screen.js';
import type { ChannelMoments } from './channel_sums.js';
import { type AllDuplicates, findDuplicates } from './duplicates.js';
import { type ClassExamples, readExamples } from './examples.js';
import type { FileFacts } from './file_facts.js';
import { warningsOf } from './findings.js';
import { type Images, SPLITS, splitOf, type UnreadableImage } from './looked_at.js';

/** What a look at all images has found. */
export interface LookedAt {
  readonly images: Images;
  /** SHA-256 of each: of files the bytes, else the pixels. */
  readonly digests: Buffer;
  /** 1 for each that could be read. */
  readonly readable: Uint8Array;
  readonly unreadable: readonly UnreadableImage[];
  /** Null where images are no files, or none can be read. */
  readonly files: FileFacts | null;
  /** Of the training images, as they are resized. */
  readonly moments: ChannelMoments | null;
}

export interface ClassCount {
  readonly name: string;
  /** Images that can be read. */
  readonly count: Readonly<Record<Split, number>>;
}

/** The images of a config, before anything is trained on them. */
export interface Survey {
  readonly config: string;
  readonly dataset: string;
  /** Size of an image as it is handed to the network's preprocessing. */
  readonly image: ImageSize;
  readonly classes: readonly ClassCount[];
  readonly files: FileFacts | null;
  readonly unreadable: readonly UnreadableImage[];
  readonly duplicates: AllDuplicates;
  readonly normalize: ChannelMoments | null;
  /** What training would fail at. */
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

export interface Surveyed {
  readonly plan: Plan;
  readonly survey: Survey;
  /** None where training would fail. */
  readonly examples: readonly ClassExamples[];
}

/**
 * Looks at all images that a run of the config would use.
 * @param withExamples whether some are to be shown
 * @throws ConfigError, UserError where the data set is not to be had; Interrupted
 */
export async function surveyConfig(
  config: string,
  sets: readonly string[],
  withExamples: boolean,
): Promise<Surveyed> {
  const { plan } = await loadPlan(config, sets);
  const interrupt = new InterruptHandler();
  const context: { looked?: LookedAt; problems: string[]; examples: readonly ClassExamples[] } = {
    problems: [],
    examples: [],
  };
  const isFiles = datasetEntry(plan.config.dataset.type).kind === 'files';
  try {
    await runStages(
      [
        filesStage(plan, interrupt.signal),
        {
          title: 'Look at images',
          run: async (stage, output) => {
            if (isFiles) {
              const { lookAtFiles } = await import('./look_at_files.js');
              stage.looked = await lookAtFiles(plan, output, interrupt.signal);
              stage.problems = await problemsOf(plan, stage.looked, interrupt.signal);
            } else {
              const { lookAtSplits } = await import('./look_at_splits.js');
              stage.looked = await lookAtSplits(plan, output, interrupt.stopRequested);
            }
            return `${grouped(stage.looked.images.count)} of ${grouped(plan.dataset.classes.length)} classes`;
          },
        },
        {
          title: 'Examples',
          skip: ({ problems }) =>
            withExamples && problems.length === 0 ? null : 'shown on a page, of images that a run can use',
          run: async (stage) => {
            const { images, readable } = stage.looked!;
            stage.examples = await readExamples(plan, images, readable);
            return `of ${grouped(stage.examples.length)} classes`;
          },
        },
      ],
      context,
    );
  } finally {
    interrupt.dispose();
  }
  const { problems, examples } = context;
  const { images, digests, readable, unreadable, files, moments } = context.looked!;
  const survey = {
    config,
    dataset: plan.config.dataset.type,
    image: plan.dataset.image,
    classes: countClasses(plan, images, readable),
    files,
    unreadable,
    duplicates: findDuplicates(images, digests, readable),
    normalize: moments,
  };
  return { plan, survey: { ...survey, problems, warnings: warningsOf(plan, survey) }, examples };
}

/** What would end a run at its beginning, as the run itself says it; then, what it would meet later. */
async function problemsOf(plan: Plan, { unreadable }: LookedAt, signal: AbortSignal): Promise<string[]> {
  if (unreadable.length > 0 && filesOptions(plan.config.dataset).unreadable === 'error') {
    const images = unreadable.length === 1 ? '1 image' : `${grouped(unreadable.length)} images`;
    return [`${images} cannot be read: repair or remove them, or set dataset.unreadable: skip`];
  }
  const { prepareImages } = await import('../data/prepare_images.js');
  try {
    await prepareImages(plan, { progress: () => undefined, line: () => undefined }, signal);
    return [];
  } catch (error) {
    if (error instanceof Interrupted || !(error instanceof UserError)) throw error;
    return [error.message];
  }
}

function countClasses({ dataset }: Plan, images: Images, readable: Uint8Array): ClassCount[] {
  const counts = dataset.classes.map((name) => ({ name, count: { train: 0, validation: 0, test: 0 } }));
  for (let index = 0; index < images.count; index++) {
    if (readable[index]) counts[images.labels[index]!]!.count[splitOf(images, index)]++;
  }
  return counts;
}

/** Images of each split. */
export function totals(classes: readonly ClassCount[]): Record<Split, number> {
  const sums = { train: 0, validation: 0, test: 0 };
  for (const { count } of classes) for (const split of SPLITS) sums[split] += count[split];
  return sums;
}
