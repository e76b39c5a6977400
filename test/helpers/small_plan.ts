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
  readonly training?: object;
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
  training = {},
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
    training: { epochs: 1, batch_size: 2, ...training },
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

/** What a step can have, in as few operations as it can be: each that a device has to compile takes its time. */
export function fewLayersPlan(changes: Partial<SmallPlan> = {}): Plan {
  return smallPlan({
    layers: [
      { type: 'conv', name: 'conv', filters: 4, kernel: 3, stride: 2, activation: 'relu' },
      { type: 'flatten', name: 'flatten' },
      { type: 'dropout', name: 'drop', rate: 0.5 },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    auxiliary: [
      {
        name: 'aux',
        after: 'flatten',
        weight: 0.4,
        layers: [{ type: 'linear', name: 'fc', units: 'num_classes', bias: false }],
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

const activations = ['relu6', 'leaky_relu', 'elu', 'gelu', 'gelu_tanh', 'silu', 'mish'];
const CLASSIFIER = [{ type: 'global_max_pool' }, { type: 'linear', name: 'fc', units: 'num_classes' }];

/** Convolutions in groups and with dilation, norms, every activation, pooling with all its options. */
export const VOCABULARY: Partial<SmallPlan> = {
  layers: [
    { type: 'conv', name: 'c1', filters: 4, kernel: [3, 2], padding: 'same', activation: 'hard_swish' },
    { type: 'local_response_norm', size: 3, alpha: 0.5 },
    { type: 'conv', name: 'c2', filters: 8, kernel: 3, padding: 2, dilation: 2, groups: 2 },
    { type: 'group_norm', name: 'n1', groups: 2 },
    ...activations.map((name) => ({ type: 'activation', function: name })),
    { type: 'conv', name: 'c3', filters: 8, kernel: 3, padding: 1, stride: 2, groups: 8, activation: 'tanh' },
    { type: 'layer_norm', name: 'n2' },
    { type: 'avg_pool', kernel: 2, stride: 1, padding: 1, ceil_mode: true, count_include_pad: false },
    { type: 'linear', name: 'pixels', units: 6, activation: 'hard_sigmoid' },
    { type: 'layer_scale', name: 'scale', init: 0.5 },
    { type: 'drop_path', rate: 0.25 },
    { type: 'layer_norm', name: 'n3', over: 'all' },
    { type: 'max_pool', kernel: 2, stride: 2, ceil_mode: true },
    { type: 'adaptive_avg_pool', size: [3, 2] },
    { type: 'dropout', rate: 0.5, channels: true },
    ...CLASSIFIER,
  ],
  auxiliary: [],
};

/** Every block of a known network. */
export const BLOCKS: Partial<SmallPlan> = {
  layers: [
    { type: 'conv_norm_activation', name: 'stem', filters: 8, activation: 'sigmoid' },
    { type: 'basic_block', name: 'basic', filters: 8 },
    { type: 'bottleneck', name: 'bottleneck', filters: 4, groups: 2, stride: 2 },
    { type: 'inverted_residual', name: 'inverted', filters: 8, expansion: 2 },
    { type: 'mb_conv', name: 'mb', filters: 8, expansion: 2, squeeze: 'input', drop_path: 0.1 },
    { type: 'mb_conv', name: 'mb3', filters: 8, hidden: 12, squeeze: 'hidden', activation: 'hard_swish' },
    { type: 'fire', name: 'fire', squeeze: 2, expand1x1: 3, expand3x3: 3 },
    { type: 'dense_block', name: 'dense', layers: 2, growth_rate: 3, dropout: 0.1 },
    { type: 'convnext_block', name: 'convnext', layer_scale: 0.5, drop_path: 0.1 },
    {
      ...{ type: 'inception_bn', name: 'inception', conv1x1: 2, conv3x3_reduce: 2, conv3x3: 3 },
      ...{ conv5x5_reduce: 2, conv5x5: 2, convpool: 2 },
    },
    ...CLASSIFIER,
  ],
  auxiliary: [],
};

/** Changes of everyLayerPlan after which it is exported with all that an export could get wrong. */
export const exportedPlans: readonly [string, Partial<SmallPlan>][] = [
  ['every layer', {}],
  ['images resized', { input: { resize: 9 } }],
  ['one row of pixels', { ...FLAT, image: [3, 1, 5] }],
  ['flattened', FLAT],
  ['the vocabulary of layers', VOCABULARY],
  ['blocks of known networks', BLOCKS],
  ['equal constants', { input: { normalize: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } } }],
];
