import type { GraphBuilder } from '../graph.js';
import { CHANNELS_FIRST, physicalShape } from '../value.js';
import { type Translation, translation } from './kernel.js';
import { type PoolingAttributes, sizes } from './pooling.js';

/** One axis of a pooling, in a map stored [batch, channels, height, width]. */
interface WindowAxis {
  readonly axis: 2 | 3;
  readonly kernel: number;
  readonly stride: number;
  /** Padding at the start and at the end. */
  readonly pads: readonly [number, number];
}

/** Below every activation; WGSL has no infinities. */
const LOWEST = -3.4028234663852886e38;

/**
 * The largest value of each window: first along the rows, then along the columns. The maxima of the rows are noted for
 * the gradient.
 */
const maxPool = translation<PoolingAttributes>((trace, { x }, attributes) => {
  const { outShape, axes } = windows(x!.shape, attributes);
  const [rows, columns] = axes;
  const across = maximum(trace.graph, trace.stored(x!, CHANNELS_FIRST), columns);
  const y = maximum(trace.graph, across, rows);
  trace.note('row maxima', y, across);
  return trace.value(y, outShape, { order: CHANNELS_FIRST });
});

/**
 * dx: each dy goes to the first of the largest values in its window, which is the first of its row in the first row that
 * has it. So dy goes to a row first, and then within it. WebGPU's MaxPool tells no positions, and its ScatterElements
 * could not add up what overlapping windows send to one place.
 */
const maxPoolGradient = translation<PoolingAttributes>((trace, { dy, input, output }, attributes) => {
  const { graph } = trace;
  const { axes } = windows(input!.shape, attributes);
  const [rows, columns] = axes;
  const shape = physicalShape({ shape: input!.shape, order: CHANNELS_FIRST });
  const pooled = physicalShape({ shape: output!.shape, order: CHANNELS_FIRST });
  const across = trace.noted('row maxima', output!.name)!;
  const acrossShape = [shape[0]!, shape[1]!, shape[2]!, pooled[3]!];
  const y = trace.stored(output!, CHANNELS_FIRST);
  const dAcross = toFirstMaximum(
    graph,
    { x: across, y, dy: trace.stored(dy!, CHANNELS_FIRST) },
    acrossShape,
    rows,
  );
  const x = trace.stored(input!, CHANNELS_FIRST);
  const dx = toFirstMaximum(graph, { x, y: across, dy: dAcross }, shape, columns);
  return trace.value(dx, input!.shape, { order: CHANNELS_FIRST });
});

/** Sizes of a pooling, axis by axis. */
function windows(input: readonly number[], attributes: PoolingAttributes) {
  const info = sizes(input, attributes);
  const { padInfo: p } = info;
  const rows: WindowAxis = {
    axis: 2,
    kernel: info.filterHeight,
    stride: info.strideHeight,
    pads: [p.top, p.bottom],
  };
  const columns: WindowAxis = {
    axis: 3,
    kernel: info.filterWidth,
    stride: info.strideWidth,
    pads: [p.left, p.right],
  };
  return { outShape: info.outShape, axes: [rows, columns] as const };
}

/** y[i] = max of x[i · stride + a] over the window's places a */
function maximum(graph: GraphBuilder, x: string, { axis, kernel, stride, pads }: WindowAxis): string {
  const along = (value: number, other: number) => (axis === 2 ? [value, other] : [other, value]);
  return graph.node('MaxPool', [x], {
    kernel_shape: along(kernel, 1),
    strides: along(stride, 1),
    pads: [...along(pads[0], 0), ...along(pads[1], 0)],
  });
}

/**
 * dx of `maximum`: dy walks along the places of its window and stays at the first that holds the maximum. The last
 * place takes whatever has come that far.
 * @param shape of x
 */
function toFirstMaximum(
  graph: GraphBuilder,
  { x, y, dy }: { x: string; y: string; dy: string },
  shape: readonly number[],
  window: WindowAxis,
): string {
  const { axis, kernel, stride, pads } = window;
  const windowCount = Math.floor((shape[axis]! + pads[0] + pads[1] - kernel) / stride) + 1;
  const padded = pad(graph, x, axis, pads, LOWEST);
  const shares: string[] = [];
  let rest = dy;
  for (let place = 0; place < kernel - 1; place++) {
    const end = place + (windowCount - 1) * stride + 1;
    const seen = slice(graph, padded, axis, place, end, stride);
    const isMaximum = graph.node('Cast', [graph.node('Equal', [seen, y])], { to: { type: 'float32' } });
    const share = graph.node('Mul', [rest, isMaximum]);
    rest = graph.node('Sub', [rest, share]);
    shares.push(share);
  }
  return spread(graph, [...shares, rest], shape, window, windowCount);
}

/**
 * x[i · stride + a] = Σ shares[a][i]. Place a is number `a mod stride` within a group of `stride` places, and reaches
 * `⌊a / stride⌋` groups on: shares of one number are shifted and summed, then the numbers are interleaved.
 */
function spread(
  graph: GraphBuilder,
  shares: readonly string[],
  shape: readonly number[],
  { axis, kernel, stride, pads }: WindowAxis,
  windowCount: number,
): string {
  const reach = Math.floor((kernel - 1) / stride);
  const groups = windowCount + reach;
  const before = shape.slice(0, axis).reduce((size, dimension) => size * dimension, 1);
  const after = shape.slice(axis + 1).reduce((size, dimension) => size * dimension, 1);
  const numbers = Array.from({ length: stride }, (_, number) => {
    const shifted = shares
      .filter((_, place) => place % stride === number)
      .map((share, shift) => pad(graph, share, axis, [shift, reach - shift], 0));
    if (shifted.length > 0) return shifted.reduce((sum, share) => graph.node('Add', [sum, share]));
    return graph.node('Expand', [graph.floats([0], []), graph.int64s(resized(shape, axis, groups))]);
  });
  const flat = numbers.map((name) => graph.node('Reshape', [name, graph.int64s([before, groups, 1, after])]));
  const interleaved = flat.length === 1 ? flat[0]! : graph.node('Concat', flat, { axis: 2 });
  const length = groups * stride;
  const whole = graph.node('Reshape', [interleaved, graph.int64s(resized(shape, axis, length))]);
  const missing = Math.max(0, pads[0] + shape[axis]! - length);
  const long = pad(graph, whole, axis, [0, missing], 0);
  if (pads[0] === 0 && length + missing === shape[axis]) return long;
  return slice(graph, long, axis, pads[0], pads[0] + shape[axis]!, 1);
}

function resized(shape: readonly number[], axis: number, length: number): number[] {
  return shape.map((dimension, index) => (index === axis ? length : dimension));
}

function pad(
  graph: GraphBuilder,
  x: string,
  axis: number,
  [start, end]: readonly [number, number],
  value: number,
): string {
  if (start === 0 && end === 0) return x;
  const sides = [start, end].flatMap((size) => resized([0, 0, 0, 0], axis, size));
  return graph.node('Pad', [x, graph.int64s(sides), graph.floats([value], [])]);
}

function slice(
  graph: GraphBuilder,
  x: string,
  axis: number,
  start: number,
  end: number,
  step: number,
): string {
  const inputs = [[start], [end], [axis], [step]].map((values) => graph.int64s(values));
  return graph.node('Slice', [x, ...inputs]);
}

export const devicePooling: Readonly<Record<string, Translation>> = {
  MaxPool: maxPool,
  MaxPoolGrad: maxPoolGradient,
};
