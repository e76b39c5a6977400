import { backend_util } from '@tensorflow/tfjs';
import { elements } from '../../shape.js';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, physicalShape, type Value } from '../value.js';
import { type Translation, translation, UntranslatedKernelError } from './kernel.js';

type Shape4D = [number, number, number, number];

export interface PoolingAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Parameters<typeof backend_util.computePool2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function sizes(
  input: readonly number[],
  { filterSize, strides, pad, dimRoundingMode }: PoolingAttributes,
) {
  return backend_util.computePool2DInfo(input as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
}

/** As nodes have it. */
export const poolingWindow = (info: backend_util.Conv2DInfo) => ({
  kernel_shape: [info.filterHeight, info.filterWidth],
  strides: [info.strideHeight, info.strideWidth],
  pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
});

/** The largest value of each window. Where operators compute the gradient, the positions of the maxima are noted for it. */
const maxPool = translation<PoolingAttributes>((trace, { x }, attributes) => {
  const info = sizes(x!.shape, attributes);
  const source = trace.stored(x!, CHANNELS_FIRST);
  const outputs = trace.target.customOperations ? 1 : 2;
  const [y, positions] = trace.graph.nodeWithOutputs('MaxPool', [source], poolingWindow(info), outputs);
  if (positions !== undefined) trace.note('positions', y!, positions);
  return trace.value(y!, info.outShape, { order: CHANNELS_FIRST });
});

/** dx: each dy goes to the first of the largest values in its window; windows may overlap, so they add up. */
const maxPoolGradient = translation<PoolingAttributes>((trace, inputs, attributes) => {
  const { dy, input, output } = inputs;
  const { graph } = trace;
  if (trace.target.customOperations) {
    const tensors = [input!, output!, dy!].map((value) => trace.stored(value, CHANNELS_FIRST));
    const name = graph.customNode('MaxPoolGradient', tensors, {
      ...poolingWindow(sizes(input!.shape, attributes)),
      positive: 0,
    });
    return trace.value(name, input!.shape, { order: CHANNELS_FIRST });
  }
  const shape = physicalShape({ shape: input!.shape, order: CHANNELS_FIRST });
  const line = graph.int64s([-1]);
  const positions = graph.node('Reshape', [trace.noted('positions', output!.name)!, line]);
  const values = graph.node('Reshape', [trace.stored(dy!, CHANNELS_FIRST), line]);
  const zeros = graph.node('ConstantOfShape', [graph.int64s([elements(shape)])]);
  const sums = graph.node('ScatterElements', [zeros, positions, values], { axis: 0, reduction: 'add' });
  return trace.value(graph.node('Reshape', [sums, graph.int64s(shape)]), input!.shape, {
    order: CHANNELS_FIRST,
  });
});

/**
 * The gradient of a max-pooling times the mask of the ReLU `relu` before it. A maximum that the ReLU let pass is positive:
 * the kernel can tell that while it is at it, and no mask is made.
 * @returns undefined where `gradient` is not that of a pooling of `relu`
 */
export function maxPoolGradientThroughRelu(trace: Trace, gradient: Value, relu: string): Value | undefined {
  const node = trace.graph.producer(gradient.name);
  if (!node?.custom || node.op !== 'MaxPoolGradient' || node.inputs[0] !== relu) return undefined;
  const name = trace.graph.customNode(node.op, node.inputs, { ...node.attributes, positive: 1 });
  return trace.value(name, gradient.shape, { order: gradient.order });
}

/** The mean of each window; TensorFlow.js's own padding does not count. */
const avgPool = translation<PoolingAttributes>((trace, { x }, attributes) => {
  const info = sizes(x!.shape, attributes);
  const name = trace.graph.node('AveragePool', [trace.stored(x!, CHANNELS_FIRST)], poolingWindow(info));
  return trace.value(name, info.outShape, { order: CHANNELS_FIRST });
});

/** Elements of the largest matrix that maps a whole plane at once. */
const LARGEST_PLANE_MATRIX = 2 ** 16;

/**
 * dx of an average pooling. The mean over windows is linear and separable, y = R x Cᵀ for each plane, so that
 * dx = Rᵀ dy C: two small products for each plane or, with all planes as the rows of one matrix, one product with the
 * Kronecker product of R and C.
 */
const avgPoolGradient = translation<PoolingAttributes>((trace, { dy, input }, attributes) => {
  const { graph } = trace;
  const info = sizes(input!.shape, attributes);
  const { padInfo: p, inHeight, inWidth, outHeight, outWidth } = info;
  // The layer avg_pool pads its input before it pools.
  if (p.top + p.bottom + p.left + p.right > 0)
    throw new UntranslatedKernelError(trace, 'AvgPoolGrad with padding');
  const share = (window: number, position: number, kernel: number, stride: number) => {
    const offset = position - window * stride;
    return offset >= 0 && offset < kernel ? 1 / kernel : 0;
  };
  const row = (i: number, y: number) => share(i, y, info.filterHeight, info.strideHeight);
  const column = (j: number, x: number) => share(j, x, info.filterWidth, info.strideWidth);
  const planes = trace.stored(dy!, CHANNELS_FIRST);
  const [before, after] = [outHeight * outWidth, inHeight * inWidth];
  if (before * after <= LARGEST_PLANE_MATRIX) {
    const plane = matrix(
      before,
      after,
      (window, at) =>
        row(Math.floor(window / outWidth), Math.floor(at / inWidth)) *
        column(window % outWidth, at % inWidth),
    );
    const lines = graph.node('Reshape', [planes, graph.int64s([-1, before])]);
    const spread = graph.node('MatMul', [lines, graph.floats(plane, [before, after])]);
    const target = graph.int64s(physicalShape({ shape: input!.shape, order: CHANNELS_FIRST }));
    return trace.value(graph.node('Reshape', [spread, target]), input!.shape, { order: CHANNELS_FIRST });
  }
  const rows = matrix(inHeight, outHeight, (y, i) => row(i, y));
  const columns = matrix(outWidth, inWidth, column);
  const wide = graph.node('MatMul', [planes, graph.floats(columns, [outWidth, inWidth])]);
  const name = graph.node('MatMul', [graph.floats(rows, [inHeight, outHeight]), wide]);
  return trace.value(name, input!.shape, { order: CHANNELS_FIRST });
});

function matrix(rows: number, columns: number, value: (row: number, column: number) => number): number[] {
  return Array.from({ length: rows * columns }, (_, index) =>
    value(Math.floor(index / columns), index % columns),
  );
}

export const pooling: Readonly<Record<string, Translation>> = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
  AvgPool: avgPool,
  AvgPoolGrad: avgPoolGradient,
};
