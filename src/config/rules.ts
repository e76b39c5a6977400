import { augmentationEntry } from '../registry/augmentations/index.js';
import type { DatasetFacts } from '../registry/datasets/facts.js';
import type { Experiment } from '../registry/experiment.js';
import { elements } from '../shape.js';
import {
  allLayers,
  countParameters,
  type KeyPath,
  type Network,
  type PlannedLayer,
  type Problem,
  wholeTree,
} from './network.js';
import { isFrozen } from './parameter_groups.js';

/** A rule between keys that a schema cannot state. It sees only configs that the schema accepts. */
type Rule = (facts: Facts) => Problem[];

interface Facts {
  readonly config: Experiment;
  readonly dataset: DatasetFacts;
  /** Complete up to the first layer that does not fit. */
  readonly network: Network;
  /** Names of frozen parameters. */
  readonly frozen: ReadonlySet<string>;
}

/** The float32 numbers of 2 GiB, which is the most that one protobuf file (an ONNX graph) can hold. */
const MOST_NUMBERS = 2 ** 29 - 1;

const batchWithinTrainingSet: Rule = ({ config, dataset }) => {
  const { batch_size } = config.training;
  const images = dataset.count.train;
  if (batch_size <= images) return [];
  const expected = `at most ${images}, the number of training images`;
  return [problem(['training', 'batch_size'], expected, batch_size)];
};

const accumulateDivides: Rule = ({ config: { training } }) => {
  const { batch_size, accumulate } = training;
  if (batch_size % accumulate === 0) return [];
  return [problem(['training', 'accumulate'], `a divisor of batch_size (${batch_size})`, accumulate)];
};

const CLIPPINGS = ['clip_grad_norm', 'clip_grad_value', 'agc'] as const;

const oneClipping: Rule = ({ config: { training } }) => {
  const [first, ...more] = CLIPPINGS.filter((key) => training[key] !== null);
  return more.map((key) =>
    problem(['training', key], `null, as ${first} clips already`, String(training[key])),
  );
};

/**
 * Of one value a batch norm has no variance: PyTorch refuses it, too. A channel has one where a map of 1 × 1 or a flat
 * feature meets a batch of one image. A frozen one evaluates, and reads no batch.
 */
const batchWithVariance: Rule = ({ config, dataset, network, frozen }) => {
  const { batch_size, accumulate } = config.training;
  const images = dataset.count.train;
  const part = batch_size / accumulate;
  const last = images % part || part;
  if (batch_size > images || !Number.isInteger(part) || last > 1) return [];
  const alone = allLayers(network).filter(
    (layer) =>
      layer.options.type === 'batch_norm' &&
      elements(layer.input) === layer.input[0] &&
      !isFrozen(layer, frozen),
  );
  if (alone.length === 0) return [];
  const names = `${alone.map(({ name }) => name).join(', ')} (batch_norm)`;
  const why = `${names} would have one value for each channel in a batch of 1`;
  // Without parts, the batch would be wrong, too, where images % batch_size is 1.
  if (accumulate > 1 && images % batch_size !== 1) {
    const expected = `another number of parts, such as 1: ${why}`;
    return [problem(['training', 'accumulate'], expected, `${accumulate}, which leaves a part of 1 image`)];
  }
  if (images === 1) {
    return [problem(['training', 'batch_size'], `at least 2 training images: ${why}`, `${batch_size} of 1`)];
  }
  const expected = `a size that leaves no batch of 1 image, such as ${nearestSize(batch_size, images)}: ${why}`;
  const batches = batch_size === 1 ? 'in each batch' : 'in the last batch';
  return [
    problem(
      ['training', 'batch_size'],
      expected,
      `${batch_size}, which leaves 1 of ${images} training images ${batches}`,
    ),
  ];
};

/** The batch size next to `size` that leaves no batch of one image; all images at once do not. */
function nearestSize(size: number, images: number): number {
  const fits = (other: number) => other > 1 && other <= images && images % other !== 1;
  for (let distance = 1; ; distance++) {
    const found = [size - distance, size + distance].find(fits);
    if (found !== undefined) return found;
  }
}

const nesterovNeedsMomentum: Rule = ({ config: { optimizer } }) => {
  if (optimizer.type !== 'sgd' || !optimizer.nesterov || optimizer.momentum > 0) return [];
  return [problem(['optimizer', 'nesterov'], 'false, or a momentum above 0', 'true with momentum 0')];
};

const warmupWithinRun: Rule = ({ config: { schedule, training } }) => {
  if (!('warmup_epochs' in schedule) || schedule.warmup_epochs <= training.epochs) return [];
  const expected = `at most ${training.epochs}, the epochs of the training`;
  return [problem(['schedule', 'warmup_epochs'], expected, schedule.warmup_epochs)];
};

/** A drop after the last epoch changes nothing, and a first half cosine longer than the run is another schedule. */
const scheduleWithinRun: Rule = ({ config: { schedule, training } }) => {
  const { epochs } = training;
  if (schedule.type === 'multi_step') {
    return schedule.milestones.flatMap((epoch, index) =>
      epoch < epochs
        ? []
        : [problem(['schedule', 'milestones', index], `below ${epochs}, the epochs of the training`, epoch)],
    );
  }
  if (schedule.type !== 'cosine_restarts' || schedule.first_epochs <= epochs) return [];
  const expected = `at most ${epochs}, the epochs of the training`;
  return [problem(['schedule', 'first_epochs'], expected, schedule.first_epochs)];
};

const averageWithinRun: Rule = ({ config: { average, training } }) => {
  if (average.type !== 'swa' || average.start_epoch <= training.epochs) return [];
  const expected = `at most ${training.epochs}, the epochs of the training`;
  return [problem(['average', 'start_epoch'], expected, average.start_epoch)];
};

const weightOfEachClass: Rule = ({ config: { loss }, dataset }) => {
  if (!('class_weights' in loss) || !Array.isArray(loss.class_weights)) return [];
  const { length } = dataset.classes;
  if (loss.class_weights.length === length) return [];
  const expected = `${length} numbers, one a class`;
  return [problem(['loss', 'class_weights'], expected, loss.class_weights.length)];
};

const augmentationOfImages: Rule = ({ config: { augmentation }, dataset: { image } }) =>
  augmentation.flatMap((options, index) =>
    (augmentationEntry(options.type).problems?.(options, image) ?? []).map(({ key, expected, actual }) =>
      problem(['augmentation', index, ...(key === '' ? [] : [key])], expected, actual),
    ),
  );

const normalizeEachChannel: Rule = ({ config, dataset }) => {
  const { channels } = dataset.image;
  const { normalize } = config.input;
  return (['mean', 'std'] as const)
    .filter((key) => normalize[key].length !== 1 && normalize[key].length !== channels)
    .map((key) => {
      const each =
        channels === 1 ? '1 number, as images have 1 channel' : `${channels} numbers, one a channel`;
      const expected = channels === 1 ? each : `${each}, or 1 for all`;
      return problem(['input', 'normalize', key], expected, normalize[key].length);
    });
};

const affordableParameters: Rule = ({ network }) => {
  const count = countParameters(network);
  return count <= MOST_NUMBERS
    ? []
    : [problem(['model', 'layers'], `at most ${MOST_NUMBERS} parameters`, count)];
};

/** Names the first layer only: those behind it, and those around it, are its consequences. */
const affordableOutputs: Rule = ({ network }) => {
  const layers = wholeTree(network);
  const tooLarge = (layer: PlannedLayer) => elements(layer.output) > MOST_NUMBERS;
  const first = layers.find(
    (layer) => tooLarge(layer) && !layer.stacks.some((stack) => stack.layers.some(tooLarge)),
  );
  const expected = `an output of at most ${MOST_NUMBERS} numbers an image`;
  return first ? [problem(first.path, expected, first.output.join(' × '))] : [];
};

const RULES: readonly Rule[] = [
  batchWithinTrainingSet,
  accumulateDivides,
  oneClipping,
  batchWithVariance,
  nesterovNeedsMomentum,
  warmupWithinRun,
  scheduleWithinRun,
  averageWithinRun,
  weightOfEachClass,
  augmentationOfImages,
  normalizeEachChannel,
  affordableParameters,
  affordableOutputs,
];

/** Every rule that the config breaks. */
export function brokenRules(facts: Facts): Problem[] {
  return RULES.flatMap((rule) => rule(facts));
}

function problem(path: KeyPath, expected: string, actual: string | number): Problem {
  return { path, expected, actual: String(actual) };
}
