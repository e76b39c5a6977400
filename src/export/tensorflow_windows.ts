import { backend_util } from '@tensorflow/tfjs';
import {
  type GroupedAttributes,
  groupedKernels,
  groupedOutput,
} from '../registry/layers/grouped_convolution.js';
import { type Translation, translation, UntranslatedKernelError } from '../tracing/kernels/kernel.js';
import type { Trace } from '../tracing/trace.js';
import { integers, padded, stored } from './tensorflow_values.js';

type Shape4D = [number, number, number, number];

interface ConvolutionAttributes {
  readonly strides: [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dilations?: [number, number] | number;
  readonly activation?: string;
}

const conv2d = translation<ConvolutionAttributes>((trace, { x, filter, bias }, attributes) => {
  const { strides, pad: padding, dilations = 1, dimRoundingMode, activation = 'linear' } = attributes;
  if (activation !== 'linear')
    throw new UntranslatedKernelError(trace, `FusedConv2D with activation ${activation}`);
  const info = backend_util.computeConv2DInfo(
    x!.shape as Shape4D,
    filter!.shape as Shape4D,
    strides,
    dilations,
    padding,
    dimRoundingMode,
  );
  const name = trace.graph.node('Conv2D', [stored(trace, x!), stored(trace, filter!)], {
    strides: [1, info.strideHeight, info.strideWidth, 1],
    dilations: [1, info.dilationHeight, info.dilationWidth, 1],
    data_format: 'NHWC',
    padding: 'EXPLICIT',
    explicit_paddings: edges(info).flat(),
  });
  const sum = bias ? trace.graph.node('BiasAdd', [name, stored(trace, bias)]) : name;
  return trace.value(sum, info.outShape);
});

/**
 * A depthwise convolution has an operation; other groups are convolutions side by side. Windows that have both stride and
 * dilation, or strides of two sizes, TensorFlow.js refuses: of dense ones, those that were asked for are taken.
 */
const groupedConv2d = translation<GroupedAttributes>((trace, { x, filter }, attributes) => {
  const { graph } = trace;
  const { inputShape, filterShape, strides, dilations, pads, groups } = attributes;
  const [height, width, inGroup, filters] = filterShape;
  const isDense = strides[0] !== strides[1] || (strides[0] > 1 && dilations.some((distance) => distance > 1));
  const [top, left, bottom, right] = pads;
  const window = {
    strides: isDense ? [1, 1, 1, 1] : [1, ...strides, 1],
    dilations: [1, ...dilations, 1],
    data_format: 'NHWC',
    padding: 'EXPLICIT',
    explicit_paddings: [0, 0, top, bottom, left, right, 0, 0],
  };
  const [source, weight] = [stored(trace, x!), stored(trace, filter!)];
  const convolved = () => {
    if (inGroup === 1) {
      const perChannel = [weight, graph.int64s([height, width, groups, filters / groups])];
      return graph.node('DepthwiseConv2dNative', [source, graph.node('Reshape', perChannel)], window);
    }
    const maps = split(trace, source, groups, inGroup);
    const weights = split(trace, weight, groups, filters / groups);
    const outputs = maps.map((map, group) => graph.node('Conv2D', [map, weights[group]!], window));
    return graph.node('ConcatV2', [...outputs, graph.int32s([3], [])], { N: groups });
  };
  const whole = convolved();
  const [outHeight, outWidth] = groupedOutput(attributes);
  const shape = [inputShape[0], outHeight, outWidth, filters];
  if (!isDense) return trace.value(whole, shape);
  const everything = integers(trace, [0, 0, 0, 0]);
  const steps = integers(trace, [1, ...strides, 1]);
  const masks = { begin_mask: 15, end_mask: 15 };
  return trace.value(graph.node('StridedSlice', [whole, everything, everything, steps], masks), shape);
});

/** Equal parts of `size` along the last axis of four. */
function split(trace: Trace, name: string, count: number, size: number): string[] {
  if (count === 1) return [name];
  const inputs = [name, integers(trace, Array<number>(count).fill(size)), trace.graph.int32s([3], [])];
  return trace.graph.nodeWithOutputs('SplitV', inputs, { num_split: count }, count);
}

interface PoolingAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** The lowest float32: padding never is the largest value of a window. */
const LOWEST = -3.4028234663852886e38;

/** Graph models know no explicit padding of pools: the input is padded with `edge`, or must need none. */
function pool(op: string, edge: number | null): Translation {
  return translation<PoolingAttributes>((trace, { x }, attributes) => {
    const { filterSize, strides, pad: padding, dimRoundingMode } = attributes;
    const shape = x!.shape as Shape4D;
    const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, padding, dimRoundingMode);
    const sides = edges(info);
    const isPadded = sides.flat().some((size) => size > 0);
    if (isPadded && edge === null) throw new UntranslatedKernelError(trace, `${op} with padding`);
    const source = isPadded ? padded(trace, x!, sides, edge!) : x!;
    const name = trace.graph.node(op, [stored(trace, source)], {
      ksize: [1, info.filterHeight, info.filterWidth, 1],
      strides: [1, info.strideHeight, info.strideWidth, 1],
      padding: 'VALID',
      data_format: 'NHWC',
    });
    return trace.value(name, info.outShape);
  });
}

function edges({ padInfo }: backend_util.Conv2DInfo): [number, number][] {
  return [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ];
}

/** Translations of what slides a window over feature maps, as in tensorflow_ops.ts. */
export const windowOps: Readonly<Record<string, Translation>> = {
  Conv2D: conv2d,
  FusedConv2D: conv2d,
  [groupedKernels.forward]: groupedConv2d,
  MaxPool: pool('MaxPool', LOWEST),
  AvgPool: pool('AvgPool', null),
};
