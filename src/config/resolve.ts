import type { ImageSize, Split } from '../registry/datasets/dataset.js';
import { datasetEntry } from '../registry/datasets/index.js';
import type { Experiment } from '../registry/experiment.js';
import type { Shape } from '../registry/layers/layer.js';
import type { Horizon } from '../registry/schedules/schedule.js';
import { countMacs, countParameters, type Network, type Problem, planNetwork } from './network.js';
import { frozenParameters } from './parameter_groups.js';
import { brokenRules } from './rules.js';

/** What is known of a data set before it is read. */
export interface DatasetFacts {
  /** Names of the classes, in the order of the labels. */
  readonly classes: readonly string[];
  /** Size of an image as stored. */
  readonly image: ImageSize;
  /** Images of each split within `dataset.limit`. */
  readonly count: Readonly<Record<Split, number>>;
  /** Images of each split altogether. */
  readonly available: Readonly<Record<Split, number>>;
}

/** A config with everything that follows from it: nothing is optional, durations are steps. */
export interface Plan {
  readonly config: Experiment;
  readonly dataset: Omit<DatasetFacts, 'available'>;
  readonly horizon: Horizon;
  readonly network: Network;
  /** Names of parameters that training leaves as they are. */
  readonly frozen: ReadonlySet<string>;
  /** Trained numbers, those of auxiliary heads included. */
  readonly parameterCount: number;
  /** Multiply-accumulates of a training forward pass for one image, those of auxiliary heads included. */
  readonly macs: number;
}

/** Works out a config that the schema accepts, or says which rules it breaks. */
export function resolveExperiment(config: Experiment): { plan: Plan } | { problems: Problem[] } {
  const { available, ...dataset } = datasetFacts(config);
  const { network, problems } = planNetwork(config.model, inputShape(config, dataset.image), {
    numClasses: dataset.classes.length,
  });
  const groups = frozenParameters(config.parameter_groups, network);
  const broken = [
    ...brokenRules({ config, dataset: { ...dataset, available }, network }),
    ...problems,
    // Of a network that is known in part, a pattern may match what is not.
    ...(problems.length > 0 ? [] : groups.problems),
  ];
  if (broken.length > 0) return { problems: broken };
  const horizon = horizonOf(config, dataset.count.train);
  const parameterCount = countParameters(network);
  const { frozen } = groups;
  return { plan: { config, dataset, horizon, network, frozen, parameterCount, macs: countMacs(network) } };
}

function datasetFacts({ dataset: { type, limit } }: Experiment): DatasetFacts {
  const entry = datasetEntry(type);
  const available = (split: Split) =>
    entry.kind === 'generated' ? entry.counts[split] : sum(entry.files[split].map((file) => file.records));
  const both = { train: available('train'), test: available('test') };
  return {
    classes: entry.classes,
    image: entry.image,
    available: both,
    count: {
      train: Math.min(limit.train ?? both.train, both.train),
      test: Math.min(limit.test ?? both.test, both.test),
    },
  };
}

/** Shape of one image as the first layer sees it. */
function inputShape({ input: { resize } }: Experiment, { channels, height, width }: ImageSize): Shape {
  return resize === null ? [channels, height, width] : [channels, resize, resize];
}

/** The last, smaller batch of an epoch is a step too. */
function horizonOf({ training, schedule }: Experiment, images: number): Horizon {
  const stepsPerEpoch = Math.ceil(images / training.batch_size);
  return {
    stepsPerEpoch,
    totalSteps: stepsPerEpoch * training.epochs,
    warmupSteps: Math.round(stepsPerEpoch * schedule.warmup_epochs),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
