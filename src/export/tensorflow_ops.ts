import { backend_util, type DataType, slice_util, type TensorInfo, util } from '@tensorflow/tfjs';
import { elements } from '../shape.js';
import { type Target, type Translation, translation } from '../tracing/kernels/kernel.js';
import { type ReductionAttributes, reduced } from '../tracing/kernels/reduction.js';
import { expandDimsBy, joined, parts, type SplitAttributes } from '../tracing/kernels/shape.js';
import { integers, padded, stored } from './tensorflow_values.js';
import { windowOps } from './tensorflow_windows.js';

/**
 * TensorFlow.js kernels of a forward pass as the TensorFlow operations that a graph model consists of. The two are near
 * relatives; what differs is that sizes and axes are inputs here. Values are stored as TensorFlow.js sees them.
 */

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

/** Graph models read the bounds of a clip from tensors, which costs them more than two comparisons. */
const clip = translation<{ clipValueMin: number; clipValueMax: number }>(
  (trace, { x }, { clipValueMin, clipValueMax }) => {
    const { graph } = trace;
    const above = graph.node('Maximum', [stored(trace, x!), graph.floats([clipValueMin], [])]);
    const name = graph.node('Minimum', [above, graph.floats([clipValueMax], [])]);
    return trace.value(name, x!.shape);
  },
);

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
  return trace.value(trace.graph.node('Cast', [stored(trace, x!)], { DstT: { type } }), x!.shape, { type });
});

const transpose = translation<{ perm: number[] }>((trace, { x }, { perm }) => {
  const shape = perm.map((axis) => x!.shape[axis]!);
  const name = trace.graph.node('Transpose', [stored(trace, x!), integers(trace, perm)]);
  return trace.value(name, shape, { type: x!.type });
});

const reshape = translation<{ shape: number[] }>((trace, { x }, { shape: wanted }) => {
  const shape = util.inferFromImplicitShape(wanted, elements(x!.shape));
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

const pad = translation<{ paddings: [number, number][]; constantValue: number }>(
  (trace, { x }, { paddings, constantValue }) => padded(trace, x!, paddings, constantValue),
);

const slice = translation<{ begin: number[]; size: number[] }>((trace, { x }, { begin, size }) => {
  const [starts, sizes] = slice_util.parseSliceParams(x as unknown as TensorInfo, begin, size);
  // −1 is all that is left: the batch may have any size.
  const all = sizes!.map((length, axis) => (length === x!.shape[axis] ? -1 : length));
  const name = trace.graph.node('Slice', [stored(trace, x!), integers(trace, starts!), integers(trace, all)]);
  return trace.value(name, sizes!, { type: x!.type });
});

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

const softmax: Translation = (trace, { logits }) =>
  trace.value(trace.graph.node('Softmax', [stored(trace, logits!)]), logits!.shape);

const sameName = [
  'Abs',
  'Erf',
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
    ClipByValue: clip,
    Identity: (_trace, { x }) => x!,
    Cast: cast,
    Transpose: transpose,
    Reshape: reshape,
    ExpandDims: expandDimsBy(reshape),
    Concat: concat,
    SplitV: splitV,
    Slice: slice,
    PadV2: pad,
    BatchMatMul: matMul,
    ...windowOps,
    Softmax: softmax,
  } satisfies Record<string, Translation>),
);

export const graphModelOperations: Target = {
  name: 'TensorFlow.js graph models',
  translations,
  customOperations: false,
  hint: 'Export the model to ONNX (--format onnx), or add a translation in src/export/tensorflow_ops.ts.',
};
