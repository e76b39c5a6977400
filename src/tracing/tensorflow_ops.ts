import { backend_util, type DataType, util } from '@tensorflow/tfjs';
import type { Attribute } from './graph.js';
import { type Target, type Translation, translation, UntranslatedKernelError } from './kernels/kernel.js';
import { type ReductionAttributes, reduced } from './kernels/reduction.js';
import { expandDimsBy, joined, parts, type SplitAttributes } from './kernels/shape.js';
import type { Trace } from './trace.js';
import type { Value } from './value.js';

/**
 * TensorFlow.js kernels of a forward pass as the TensorFlow operations that a graph model consists of. The two are near
 * relatives; what differs is that sizes and axes are inputs here. Values are stored as TensorFlow.js sees them.
 */

/** Constants beyond this many elements would have a batch in their shape, or belong into a file of weights. */
const LARGEST_UNIFORM = 1_000_000;

/** The value's name; a constant whose elements are all the same is written out. */
function stored(trace: Trace, value: Value): string {
  if (value.uniform === undefined || value.shape.length === 0) return value.name;
  const size = util.sizeFromShape([...value.shape]);
  if (size > LARGEST_UNIFORM) {
    throw new UntranslatedKernelError(trace, `(constant of ${size} equal numbers)`);
  }
  const numbers = Array<number>(size).fill(value.uniform);
  return value.type === 'int32'
    ? trace.graph.int32s(numbers, value.shape)
    : trace.graph.floats(numbers, value.shape);
}

const integers = (trace: Trace, values: readonly number[]) => trace.graph.int32s(values, [values.length]);

function unary(op: string): Translation {
  return (trace, { x }) =>
    trace.value(trace.graph.node(op, [stored(trace, x!)]), x!.shape, { type: x!.type });
}

function binary(op: string): Translation {
  return (trace, { a, b }) => {
    const shape = backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]);
    const name = trace.graph.node(op, [stored(trace, a!), stored(trace, b!)]);
    return trace.value(name, shape, { type: a!.type });
  };
}

function reduction(op: string): Translation {
  return translation<ReductionAttributes>((trace, { x }, attributes) => {
    const { axes, shape } = reduced(x!, attributes);
    const inputs = [stored(trace, x!), integers(trace, axes)];
    const name = trace.graph.node(op, inputs, { keep_dims: attributes.keepDims ? 1 : 0 });
    return trace.value(name, shape, { type: x!.type });
  });
}

const cast = translation<{ dtype: DataType }>((trace, { x }, { dtype }) => {
  const type = dtype === 'int32' || dtype === 'bool' ? dtype : 'float32';
  if (type === x!.type) return x!;
  const target = { float32: 'DT_FLOAT', int32: 'DT_INT32', bool: 'DT_BOOL' }[type];
  return trace.value(trace.graph.node('Cast', [stored(trace, x!)], { DstT: target }), x!.shape, { type });
});

const transpose = translation<{ perm: number[] }>((trace, { x }, { perm }) => {
  const shape = perm.map((axis) => x!.shape[axis]!);
  const name = trace.graph.node('Transpose', [stored(trace, x!), integers(trace, perm)]);
  return trace.value(name, shape, { type: x!.type });
});

const reshape = translation<{ shape: number[] }>((trace, { x }, { shape: wanted }) => {
  const shape = util.inferFromImplicitShape(wanted, util.sizeFromShape([...x!.shape]));
  if (util.arraysEqual(shape, [...x!.shape])) return x!;
  const name = trace.graph.node('Reshape', [stored(trace, x!), trace.graph.int64s(shape)]);
  return trace.value(name, shape, { type: x!.type });
});

const concat = translation<{ axis: number }>((trace, inputs, { axis }) => {
  const values = Object.values(inputs);
  const { at, shape } = joined(values, axis);
  const names = [...values.map((value) => stored(trace, value)), trace.graph.int32s([at], [])];
  const name = trace.graph.node('ConcatV2', names, { N: values.length });
  return trace.value(name, shape, { type: values[0]!.type });
});

const splitV = translation<SplitAttributes>((trace, { x }, attributes) => {
  const { at, sizes, shapes } = parts(x!, attributes);
  const inputs = [stored(trace, x!), integers(trace, sizes), trace.graph.int32s([at], [])];
  const names = trace.graph.nodeWithOutputs('SplitV', inputs, { num_split: sizes.length }, sizes.length);
  return names.map((name, index) => trace.value(name, shapes[index]!, { type: x!.type }));
});

/** Adds `constantValue` at the edges. */
function padded(
  trace: Trace,
  x: Value,
  paddings: readonly (readonly [number, number])[],
  constantValue: number,
): Value {
  const shape = x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
  const value =
    x.type === 'int32' ? trace.graph.int32s([constantValue], []) : trace.graph.floats([constantValue], []);
  const sides = trace.graph.int32s(paddings.flat(), [paddings.length, 2]);
  return trace.value(trace.graph.node('PadV2', [stored(trace, x), sides, value]), shape, { type: x.type });
}

const pad = translation<{ paddings: [number, number][]; constantValue: number }>(
  (trace, { x }, { paddings, constantValue }) => padded(trace, x!, paddings, constantValue),
);

const matMul = translation<{ transposeA: boolean; transposeB: boolean }>(
  (trace, { a, b }, { transposeA, transposeB }) => {
    const rows = a!.shape.at(transposeA ? -1 : -2)!;
    const columns = b!.shape.at(transposeB ? -2 : -1)!;
    const inputs = [stored(trace, a!), stored(trace, b!)];
    const [left, right] = [transposeA ? 1 : 0, transposeB ? 1 : 0];
    if (a!.shape.length === 2 && b!.shape.length === 2) {
      const attributes = { transpose_a: left, transpose_b: right };
      return trace.value(trace.graph.node('MatMul', inputs, attributes), [rows, columns]);
    }
    const batch = backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    const name = trace.graph.node('BatchMatMulV2', inputs, { adj_x: left, adj_y: right });
    return trace.value(name, [...batch, rows, columns]);
  },
);

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
    } satisfies Record<string, Attribute>);
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

const softmax: Translation = (trace, { logits }) =>
  trace.value(trace.graph.node('Softmax', [stored(trace, logits!)]), logits!.shape);

const sameName = [
  'Abs',
  'Exp',
  'Floor',
  'Log',
  'Neg',
  'Reciprocal',
  'Relu',
  'Sigmoid',
  'Sqrt',
  'Square',
  'Tanh',
];

const translations: ReadonlyMap<string, Translation> = new Map(
  Object.entries({
    ...Object.fromEntries(sameName.map((name) => [name, unary(name)])),
    Add: binary('AddV2'),
    Sub: binary('Sub'),
    Multiply: binary('Mul'),
    RealDiv: binary('RealDiv'),
    Maximum: binary('Maximum'),
    Minimum: binary('Minimum'),
    Sum: reduction('Sum'),
    Mean: reduction('Mean'),
    Max: reduction('Max'),
    Identity: (_trace, { x }) => x!,
    Cast: cast,
    Transpose: transpose,
    Reshape: reshape,
    ExpandDims: expandDimsBy(reshape),
    Concat: concat,
    SplitV: splitV,
    PadV2: pad,
    BatchMatMul: matMul,
    Conv2D: conv2d,
    FusedConv2D: conv2d,
    MaxPool: pool('MaxPool', LOWEST),
    AvgPool: pool('AvgPool', null),
    Softmax: softmax,
  } satisfies Record<string, Translation>),
);

export const graphModelOperations: Target = {
  name: 'TensorFlow.js graph models',
  translations,
  hint: 'add one in src/tracing/tensorflow_ops.ts, or export the model to ONNX (--format onnx)',
};
