import { type backend_util, util } from '@tensorflow/tfjs';
import {
  type GroupedAttributes,
  groupedKernels,
  groupedOutput,
} from '../../registry/layers/grouped_convolution.js';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, FILTER, sameOrder, type Value } from '../value.js';
import { type ConvolutionAttributes, convolutionSizes, requireLinear } from './convolution.js';
import { elementwise } from './elementwise.js';
import { type Translation, translation } from './kernel.js';
import {
  maxPoolGradientThroughRelu,
  type PoolingAttributes,
  pooling,
  poolingWindow,
  sizes,
} from './pooling.js';
import { type ReductionAttributes, reductions } from './reduction.js';

/** How a convolution's window moves, as nodes have it. */
interface Window {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Top, left, bottom, right. */
  readonly pads: readonly number[];
  readonly group: number;
}

const plainWindow = (info: backend_util.Conv2DInfo): Window => ({
  strides: [info.strideHeight, info.strideWidth],
  dilations: [1, 1],
  pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
  group: 1,
});

const groupedWindow = ({ strides, dilations, pads, groups }: GroupedAttributes): Window => ({
  strides,
  dilations,
  pads,
  group: groups,
});

function forward(trace: Trace, inputs: Readonly<Record<string, Value>>, window: Window, shape: number[]) {
  const { x, filter, bias } = inputs;
  const names = [trace.stored(x!, CHANNELS_FIRST), trace.stored(filter!, FILTER)];
  if (bias) names.push(trace.natural(bias));
  const name = trace.graph.customNode('Convolution', names, { ...window });
  return trace.value(name, shape, { order: CHANNELS_FIRST });
}

function inputGradient(trace: Trace, dy: Value, filter: Value, window: Window, shape: readonly number[]) {
  const names = [trace.stored(dy, CHANNELS_FIRST), trace.stored(filter, FILTER)];
  const name = trace.graph.customNode('ConvolutionInputGradient', names, { ...window });
  return trace.value(name, shape, { order: CHANNELS_FIRST });
}

function filterGradient(trace: Trace, x: Value, dy: Value, window: Window, shape: readonly number[]) {
  const names = [x, dy].map((value) => trace.stored(value, CHANNELS_FIRST));
  const name = trace.graph.customNode('ConvolutionFilterGradient', names, { ...window });
  return trace.value(name, shape, { order: FILTER });
}

type Shape4D = [number, number, number, number];

const conv2d = translation<ConvolutionAttributes & { activation?: string }>((trace, inputs, attributes) => {
  requireLinear(trace, attributes);
  const info = convolutionSizes(trace, inputs.x!.shape, inputs.filter!.shape, attributes);
  return forward(trace, inputs, plainWindow(info), info.outShape);
});

const convolutions: Readonly<Record<string, Translation>> = {
  Conv2D: conv2d,
  FusedConv2D: conv2d,
  Conv2DBackpropInput: translation<ConvolutionAttributes & { inputShape: Shape4D }>(
    (trace, { dy, filter }, attributes) => {
      const { inputShape } = attributes;
      const info = convolutionSizes(trace, inputShape, filter!.shape, attributes);
      return inputGradient(trace, dy!, filter!, plainWindow(info), inputShape);
    },
  ),
  Conv2DBackpropFilter: translation<ConvolutionAttributes & { filterShape: Shape4D }>(
    (trace, { x, dy }, attributes) => {
      const { filterShape } = attributes;
      const info = convolutionSizes(trace, x!.shape, filterShape, attributes);
      return filterGradient(trace, x!, dy!, plainWindow(info), filterShape);
    },
  ),
  [groupedKernels.forward]: translation<GroupedAttributes>((trace, inputs, attributes) => {
    const [height, width] = groupedOutput(attributes);
    const shape = [attributes.inputShape[0], height, width, attributes.filterShape[3]];
    return forward(trace, inputs, groupedWindow(attributes), shape);
  }),
  [groupedKernels.inputGradient]: translation<GroupedAttributes>((trace, { dy, filter }, attributes) =>
    inputGradient(trace, dy!, filter!, groupedWindow(attributes), attributes.inputShape),
  ),
  [groupedKernels.filterGradient]: translation<GroupedAttributes>((trace, { x, dy }, attributes) =>
    filterGradient(trace, x!, dy!, groupedWindow(attributes), attributes.filterShape),
  ),
};

/** dx of an average pooling without padding: dy, spread evenly over each window. */
const avgPoolGradient = translation<PoolingAttributes>((trace, inputs, attributes) => {
  const { dy, input } = inputs;
  const info = sizes(input!.shape, attributes);
  const { top, left, bottom, right } = info.padInfo;
  if (top + left + bottom + right > 0) return pooling.AvgPoolGrad!(trace, inputs, attributes);
  const name = trace.graph.customNode('AveragePoolGradient', [trace.stored(dy!, CHANNELS_FIRST)], {
    ...poolingWindow(info),
  });
  return trace.value(name, input!.shape, { order: CHANNELS_FIRST });
});

/** Sums of feature maps over all but the channels, as they lie: an engine may take them from a filter's gradient. */
const sum = translation<ReductionAttributes>((trace, inputs, attributes) => {
  const { x } = inputs;
  const axes = util.parseAxisParam((attributes.axis ?? attributes.reductionIndices)!, [...x!.shape]);
  const isChannelSum = x!.shape.length === 4 && util.arraysEqual(axes, [0, 1, 2]);
  if (!isChannelSum || attributes.keepDims) return reductions.Sum!(trace, inputs, attributes);
  const name = trace.graph.node(
    'ReduceSum',
    [trace.stored(x!, CHANNELS_FIRST), trace.graph.int64s([0, 2, 3])],
    { keepdims: 0 },
  );
  return trace.value(name, [x!.shape[3]!], { type: x!.type });
});

/** Where one factor is the mask of a ReLU, the ReLU's gradient. */
const multiply: Translation = (trace, inputs, attributes) => {
  const { a, b } = inputs as { a: Value; b: Value };
  const relu = trace.noted('step of', b.name);
  const isMask =
    relu !== undefined && sameOrder(a.order, b.order) && util.arraysEqual([...a.shape], [...b.shape]);
  if (!isMask || a.uniform !== undefined) return elementwise.Multiply!(trace, inputs, attributes);
  const pooled = maxPoolGradientThroughRelu(trace, a, relu);
  if (pooled) return pooled;
  const name = trace.graph.customNode('ReluGradient', [relu, trace.stored(a)], {});
  return trace.value(name, a.shape, { order: a.order });
};

/** Whole operations of convolutional networks, for an engine that has them as primitives. */
export const primitives: Readonly<Record<string, Translation>> = {
  ...convolutions,
  AvgPoolGrad: avgPoolGradient,
  Sum: sum,
  Multiply: multiply,
};
