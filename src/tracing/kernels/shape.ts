import { backend_util, type DataType, slice_util, type TensorInfo, util } from '@tensorflow/tfjs';
import { elements } from '../../shape.js';
import { naturalOrder, type Value } from '../value.js';
import type { ElementType } from '../view.js';
import { type Translation, translation } from './kernel.js';

const identity: Translation = (_trace, { x }) => x!;

const cast = translation<{ dtype: DataType }>((trace, { x }, { dtype }) => {
  const type = dtype as ElementType;
  if (type === x!.type) return x!;
  const name = trace.graph.node('Cast', [trace.stored(x!)], { to: { type } });
  return trace.value(name, x!.shape, { type, order: x!.order });
});

/** A relabelling of axes: what is stored stays as it is. */
const transpose = translation<{ perm: number[] }>((trace, { x }, { perm }) => {
  const shape = perm.map((axis) => x!.shape[axis]!);
  if (x!.uniform !== undefined) return { ...x!, shape, order: naturalOrder(shape.length) };
  return trace.value(x!.name, shape, { type: x!.type, order: x!.order.map((axis) => perm.indexOf(axis)) });
});

const reshape = translation<{ shape: number[] }>((trace, { x }, { shape: wanted }) => {
  const shape = util.inferFromImplicitShape(wanted, elements(x!.shape));
  if (util.arraysEqual(shape, [...x!.shape])) return x!;
  if (x!.uniform !== undefined) return { ...x!, shape, order: naturalOrder(shape.length) };
  return trace.value(trace.graph.node('Reshape', [trace.natural(x!), trace.graph.int64s(shape)]), shape, {
    type: x!.type,
  });
});

/** A new axis of size 1 is a matter of reshaping. */
export function expandDimsBy(reshaped: Translation): Translation {
  return translation<{ dim: number }>((trace, { input }, { dim }) => {
    const shape = [...input!.shape];
    shape.splice(dim < 0 ? shape.length + 1 + dim : dim, 0, 1);
    return reshaped(trace, { x: input! }, { shape });
  });
}

const expandDims = expandDimsBy(reshape);

/** The axis along which values are joined, counted from 0, and the shape that comes of it. */
export function joined(values: readonly Value[], axis: number): { at: number; shape: number[] } {
  const at = util.parseAxisParam(axis, [...values[0]!.shape])[0]!;
  const shapes = values.map((value) => [...value.shape]);
  return { at, shape: backend_util.computeOutShape(shapes, at) };
}

const concat = translation<{ axis: number }>((trace, inputs, { axis }) => {
  const values = Object.values(inputs);
  const { at, shape } = joined(values, axis);
  const order = values.find((value) => value.uniform === undefined)?.order ?? naturalOrder(shape.length);
  const stored = values.map((value) => trace.stored(value, order));
  return trace.value(trace.graph.node('Concat', stored, { axis: order.indexOf(at) }), shape, {
    order,
    type: values[0]!.type,
  });
});

const pack = translation<{ axis: number }>((trace, inputs, { axis }) => {
  const values = Object.values(inputs).map((input) => expandDims(trace, { input }, { dim: axis }) as Value);
  return concat(trace, Object.fromEntries(values.entries()), { axis });
});

export interface SplitAttributes {
  readonly numOrSizeSplits: number[] | number;
  readonly axis: number;
}

/** The axis that is split, counted from 0, and the shape of each part. */
export function parts(
  { shape }: Value,
  { numOrSizeSplits, axis }: SplitAttributes,
): { at: number; sizes: number[]; shapes: number[][] } {
  const at = util.parseAxisParam(axis, [...shape])[0]!;
  const tensor = { shape: [...shape] } as Parameters<typeof backend_util.prepareSplitSize>[0];
  const sizes = backend_util.prepareSplitSize(tensor, numOrSizeSplits, at);
  return { at, sizes, shapes: sizes.map((size) => shape.with(at, size)) };
}

const splitV = translation<SplitAttributes>((trace, { x }, attributes) => {
  const { at, sizes, shapes } = parts(x!, attributes);
  if (sizes.length === 1) return [x!];
  const inputs = [trace.stored(x!), trace.graph.int64s(sizes)];
  const names = trace.graph.nodeWithOutputs('Split', inputs, { axis: x!.order.indexOf(at) }, sizes.length);
  return names.map((name, index) => trace.value(name, shapes[index]!, { type: x!.type, order: x!.order }));
});

const slice = translation<{ begin: number[]; size: number[] }>((trace, { x }, { begin, size }) => {
  const [starts, sizes] = slice_util.parseSliceParams(x as unknown as TensorInfo, begin, size);
  // A slice takes all of a batch, whatever its size.
  const isWhole = (axis: number) => starts![axis] === 0 && sizes![axis] === x!.shape[axis];
  const ends = starts!.map((start, axis) =>
    isWhole(axis) ? Number.MAX_SAFE_INTEGER : start + sizes![axis]!,
  );
  const inOrder = (values: number[]) => trace.graph.int64s(x!.order.map((axis) => values[axis]!));
  const name = trace.graph.node('Slice', [trace.stored(x!), inOrder(starts!), inOrder(ends)]);
  return trace.value(name, sizes!, { type: x!.type, order: x!.order });
});

const pad = translation<{ paddings: [number, number][]; constantValue: number }>(
  (trace, { x }, { paddings, constantValue }) => {
    const shape = x!.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]);
    const sides = [0, 1].flatMap((side) => x!.order.map((axis) => paddings[axis]![side]!));
    const value =
      x!.type === 'int32' ? trace.graph.int32s([constantValue], []) : trace.graph.floats([constantValue], []);
    const name = trace.graph.node('Pad', [trace.stored(x!), trace.graph.int64s(sides), value]);
    return trace.value(name, shape, { type: x!.type, order: x!.order });
  },
);

const tile = translation<{ reps: number[] }>((trace, { x }, { reps }) => {
  const repeats = trace.graph.int64s(x!.order.map((axis) => reps[axis]!));
  const shape = x!.shape.map((size, axis) => size * reps[axis]!);
  return trace.value(trace.graph.node('Tile', [trace.stored(x!), repeats]), shape, {
    type: x!.type,
    order: x!.order,
  });
});

const uniformType = (dtype: DataType | undefined) => (dtype === 'int32' ? 'int32' : 'float32');

const fill = translation<{ shape: number[]; value: number; dtype?: DataType }>(
  (trace, _inputs, { shape, value, dtype }) => trace.uniform(value, shape, uniformType(dtype)),
);

const filled =
  (value: number): Translation =>
  (trace, { x }) =>
    trace.uniform(value, x!.shape, x!.type === 'int32' ? 'int32' : 'float32');

export const shapes: Readonly<Record<string, Translation>> = {
  Identity: identity,
  Cast: cast,
  Transpose: transpose,
  Reshape: reshape,
  ExpandDims: expandDims,
  Concat: concat,
  Pack: pack,
  SplitV: splitV,
  Slice: slice,
  PadV2: pad,
  Tile: tile,
  Fill: fill,
  ZerosLike: filled(0),
  OnesLike: filled(1),
};
