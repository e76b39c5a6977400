import type { DatasetFacts, ImageSize } from '../registry/datasets/facts.js';
import type { Experiment } from '../registry/experiment.js';
import type { Shape } from '../registry/layers/layer.js';
import type { Horizon } from '../registry/schedules/schedule.js';
import { datasetFacts } from './dataset_facts.js';
import { countMacs, countParameters, type Network, type Problem, planNetwork } from './network.js';
import { frozenParameters } from './parameter_groups.js';
import { brokenRules } from './rules.js';

/** A config with everything that follows from it: nothing is optional, durations are steps. */
export interface Plan {
  readonly config: Experiment;
  readonly dataset: DatasetFacts;
  readonly horizon: Horizon;
  readonly network: Network;
  /** Names of parameters that training leaves as they are. */
  readonly frozen: ReadonlySet<string>;
  /**
   * A weight of the loss for each class; null where all count alike, and where `balanced` weights follow from labels that
   * were not read yet.
   */
  readonly classWeights: readonly number[] | null;
  /** Trained numbers, those of auxiliary heads included. */
  readonly parameterCount: number;
  /** Multiply-accumulates of a training forward pass for one image, those of auxiliary heads included. */
  readonly macs: number;
}

/**
 * Works out a config that the schema accepts, or says which rules it breaks.
 * @param stored what a run knows of its data; without it, the data set is asked
 */
export function resolveExperiment(
  config: Experiment,
  stored?: DatasetFacts,
): { plan: Plan } | { problems: Problem[] } {
  const { facts: dataset, problems: ofDataset } = stored
    ? { facts: stored, problems: [] }
    : datasetFacts(config);
  // Without the number of classes and the size of images, a network is not to be judged.
  if (!dataset) return { problems: [...ofDataset] };
  const { network, problems } = planNetwork(config.model, inputShape(config, dataset.image), {
    numClasses: dataset.classes.length,
  });
  const groups = frozenParameters(config.parameter_groups, network);
  const broken = [
    ...ofDataset,
    ...brokenRules({ config, dataset, network, frozen: groups.frozen }),
    ...problems,
    // Of a network that is known in part, a pattern may match what is not.
    ...(problems.length > 0 ? [] : groups.problems),
  ];
  if (broken.length > 0) return { problems: broken };
  const horizon = horizonOf(config, dataset.count.train);
  const parameterCount = countParameters(network);
  const { frozen } = groups;
  const classWeights = listedClassWeights(config.loss);
  return {
    plan: {
      config,
      dataset,
      horizon,
      network,
      frozen,
      classWeights,
      parameterCount,
      macs: countMacs(network),
    },
  };
}

function listedClassWeights(loss: Experiment['loss']): readonly number[] | null {
  const weights = 'class_weights' in loss ? loss.class_weights : null;
  return typeof weights === 'string' ? null : weights;
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
    warmupSteps: 'warmup_epochs' in schedule ? Math.round(stepsPerEpoch * schedule.warmup_epochs) : 0,
  };
}
