import { backend_util, util } from '@tensorflow/tfjs';
import { CHANNELS_OUTERMOST, naturalOrder, type Order, type Value } from '../value.js';
import { type Translation, translation } from './kernel.js';

/** Some kernels call their axes `axis`, others `reductionIndices`. */
export interface ReductionAttributes {
  readonly axis?: number | number[];
  readonly reductionIndices?: number | number[];
  readonly keepDims: boolean;
}

/** The axes that are reduced, none of them negative, and the shape that is left. */
export function reduced(
  x: Value,
  { axis, reductionIndices, keepDims }: ReductionAttributes,
): { axes: number[]; shape: number[] } {
  const axes = util.parseAxisParam((axis ?? reductionIndices)!, [...x.shape]);
  const [left] = backend_util.computeOutAndReduceShapes([...x.shape], axes);
  return { axes, shape: keepDims ? backend_util.expandShapeToKeepDim(left, axes) : left };
}

/** A reduction over some axes, in whatever order the value is stored. */
function reduction(op: string): Translation {
  return translation<ReductionAttributes>((trace, { x }, attributes) => {
    const { keepDims } = attributes;
    const { axes, shape } = reduced(x!, attributes);
    if (axes.length === 0) return x!;
    // A feature map summed to its channels (a bias gradient): channels outermost, each sum reads one run of memory. The
    // filter gradient wants the same order.
    const order = x!.shape.length === 4 && util.arraysEqual(axes, [0, 1, 2]) ? CHANNELS_OUTERMOST : x!.order;
    const inputs = [trace.stored(x!, order), trace.graph.int64s(physicalAxes(order, axes))];
    const name = trace.graph.node(op, inputs, { keepdims: keepDims ? 1 : 0 });
    return trace.value(name, shape, {
      type: x!.type,
      order: keepDims ? order : remainingOrder(order, axes),
    });
  });
}

function physicalAxes(order: Order, axes: readonly number[]): number[] {
  return axes.map((axis) => order.indexOf(axis)).toSorted((a, b) => a - b);
}

/** The order of the axes that are left, numbered anew. */
export function remainingOrder(order: Order, removed: readonly number[]): Order {
  const left = naturalOrder(order.length).filter((axis) => !removed.includes(axis));
  return order.filter((axis) => !removed.includes(axis)).map((axis) => left.indexOf(axis));
}

const argMax = translation<{ axis: number }>((trace, { x }, { axis }) => {
  const [at] = util.parseAxisParam(axis, [...x!.shape]);
  const name = trace.graph.node('ArgMax', [trace.stored(x!)], {
    axis: x!.order.indexOf(at!),
    keepdims: 0,
  });
  const shape = x!.shape.filter((_, index) => index !== at);
  // ONNX counts in int64, TensorFlow.js in int32.
  return trace.value(trace.graph.node('Cast', [name], { to: { type: 'int32' } }), shape, {
    type: 'int32',
    order: remainingOrder(x!.order, [at!]),
  });
});

export const reductions: Readonly<Record<string, Translation>> = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  ArgMax: argMax,
};
