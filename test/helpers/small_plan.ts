import { countMacs, countParameters, planNetwork } from '../../src/config/network.js';
import { frozenParameters } from '../../src/config/parameter_groups.js';
import type { Plan } from '../../src/config/resolve.js';
import { validateExperiment } from '../../src/config/validate.js';

/** What a plan for tests may differ in; keys are those of a config. */
export interface SmallPlan {
  readonly layers: readonly object[];
  readonly auxiliary?: readonly object[];
  readonly loss?: object;
  readonly optimizer?: object;
  readonly parameter_groups?: readonly object[];
  readonly input?: object;
  readonly seed?: number;
  /** Size of the images, [channels, height, width]; no data set has such small ones. */
  readonly image?: readonly [number, number, number];
  readonly classes?: number;
}

/** A plan for tiny images of any shape, without a data set behind it. */
export function smallPlan({
  layers,
  auxiliary = [],
  loss = { type: 'cross_entropy' },
  optimizer = { type: 'sgd', learning_rate: 0.1 },
  parameter_groups = [],
  input = {},
  seed = 1,
  image: [channels, height, width] = [3, 6, 5],
  classes = 4,
}: SmallPlan): Plan {
  const validated = validateExperiment({
    name: 'small',
    seed,
    dataset: { type: 'shapes' },
    input,
    model: { layers, auxiliary },
    loss,
    optimizer,
    parameter_groups,
    training: { epochs: 1, batch_size: 2 },
  });
  if ('problems' in validated) throw new Error(JSON.stringify(validated.problems));
  const config = validated.experiment;
  const { resize } = config.input;
  const { network, problems } = planNetwork(
    config.model,
    resize === null ? [channels, height, width] : [channels, resize, resize],
    { numClasses: classes },
  );
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const classWeights = 'class_weights' in config.loss ? config.loss.class_weights : null;
  if (typeof classWeights === 'string') throw new Error('there are no training images to balance');
  return {
    config,
    classWeights,
    dataset: {
      classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
      image: { channels, height, width },
      count: { train: 7, validation: 1, test: 8 },
      chosenOn: 'validation',
    },
    horizon: { stepsPerEpoch: 4, totalSteps: 4, warmupSteps: 0 },
    network,
    frozen: frozenParameters(config.parameter_groups, network).frozen,
    parameterCount: countParameters(network),
    macs: countMacs(network),
  };
}

/** Every kind of layer, an auxiliary head and dropout, in a network that takes milliseconds. */
export function everyLayerPlan(changes: Partial<SmallPlan> = {}): Plan {
  return smallPlan({
    layers: [
      {
        type: 'conv',
        name: 'conv1',
        filters: 4,
        kernel: [3, 2],
        stride: [1, 2],
        padding: 1,
        activation: 'relu',
      },
      { type: 'max_pool', name: 'pool', kernel: 3, stride: 2, padding: 1 },
      {
        type: 'inception',
        name: 'inception',
        conv1x1: 2,
        conv3x3_reduce: 2,
        conv3x3: 3,
        conv5x5: 2,
        convpool: 2,
      },
      { type: 'relu', name: 'relu' },
      { type: 'dropout', name: 'drop_map', rate: 0.25 },
      { type: 'global_avg_pool', name: 'mean' },
      { type: 'dropout', name: 'drop', rate: 0.5 },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    auxiliary: [
      {
        name: 'aux',
        after: 'inception',
        weight: 0.4,
        layers: [
          { type: 'avg_pool', name: 'pool', kernel: 2, stride: 1, padding: 1 },
          { type: 'conv', name: 'conv', filters: 2, kernel: 1, bias: false },
          { type: 'flatten', name: 'flatten' },
          { type: 'linear', name: 'fc1', units: 5, activation: 'relu' },
          { type: 'linear', name: 'fc2', units: 'num_classes', bias: false },
        ],
      },
    ],
    ...changes,
  });
}

/** Batch norms of images, in both branches of a residual block, and of flat features. */
export function batchNormPlan(changes: Partial<SmallPlan> = {}): Plan {
  return smallPlan({
    layers: [
      { type: 'batch_norm', name: 'bn0' },
      { type: 'conv', name: 'conv1', filters: 4, kernel: 3, padding: 1, bias: false },
      { type: 'batch_norm', name: 'bn1', momentum: null },
      { type: 'relu' },
      {
        type: 'residual',
        name: 'block',
        layers: [
          { type: 'conv', name: 'conv', filters: 6, kernel: 3, stride: 2, padding: 1, bias: false },
          { type: 'batch_norm', name: 'bn', eps: 1e-3, momentum: 0.3 },
        ],
        shortcut: [
          { type: 'conv', name: 'down', filters: 6, kernel: 1, stride: 2, bias: false },
          { type: 'batch_norm', name: 'bn_down' },
        ],
        activation: 'relu',
      },
      { type: 'global_avg_pool' },
      { type: 'batch_norm', name: 'bn2', affine: false },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    ...changes,
  });
}

const FLAT: Partial<SmallPlan> = {
  layers: [
    { type: 'avg_pool', name: 'pool', kernel: 2, stride: 1, padding: 1 },
    { type: 'flatten', name: 'flatten' },
    { type: 'linear', name: 'fc1', units: 6, activation: 'relu' },
    { type: 'linear', name: 'fc2', units: 'num_classes', bias: false },
  ],
  auxiliary: [],
};

/** Changes of everyLayerPlan after which it is exported with all that an export could get wrong. */
export const exportedPlans: readonly [string, Partial<SmallPlan>][] = [
  ['every layer', {}],
  ['images resized', { input: { resize: 9 } }],
  ['one row of pixels', { ...FLAT, image: [3, 1, 5] }],
  ['flattened', FLAT],
  ['equal constants', { input: { normalize: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } } }],
];
