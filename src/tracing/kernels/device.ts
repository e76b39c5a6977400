import { util } from '@tensorflow/tfjs';
import type { OneHotAttributes } from './classification.js';
import { devicePooling } from './device_pooling.js';
import { type Translation, translation } from './kernel.js';
import { remainingOrder } from './reduction.js';

/** WebGPU has no OneHot, and no int64: each class number is compared with every index. */
const oneHot = translation<OneHotAttributes>((trace, { indices }, { depth, onValue, offValue }) => {
  const { graph } = trace;
  const column = graph.node('Reshape', [trace.natural(indices!), graph.int64s([...indices!.shape, 1])]);
  const classes = graph.int32s(range(depth), [depth]);
  const name = graph.node('Where', [
    graph.node('Equal', [column, classes]),
    graph.floats([onValue], []),
    graph.floats([offValue], []),
  ]);
  return trace.value(name, [...indices!.shape, depth]);
});

/** The first index that holds the maximum: WebGPU's ArgMax gives int64, which nothing else there takes. */
const argMax = translation<{ axis: number }>((trace, { x }, { axis }) => {
  const { graph } = trace;
  const [at] = util.parseAxisParam(axis, [...x!.shape]);
  const depth = x!.shape[at!]!;
  const physical = x!.order.indexOf(at!);
  const along = graph.int64s([physical]);
  const name = trace.stored(x!);
  const isMaximum = graph.node('Equal', [name, graph.node('ReduceMax', [name, along])]);
  const line = x!.order.map((_, index) => (index === physical ? depth : 1));
  const indices = graph.int32s(range(depth), line);
  const candidates = graph.node('Where', [isMaximum, indices, graph.int32s([depth - 1], [])]);
  const shape = x!.shape.filter((_, index) => index !== at);
  return trace.value(graph.node('ReduceMin', [candidates, along], { keepdims: 0 }), shape, {
    type: 'int32',
    order: remainingOrder(x!.order, [at!]),
  });
});

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

/** AddN one by one: WebGPU has no Sum. */
const addN: Translation = (trace, inputs) => {
  const values = Object.values(inputs);
  const { order, shape } = values[0]!;
  const name = values
    .map((value) => trace.stored(value, order))
    .reduce((sum, value) => trace.graph.node('Add', [sum, value]));
  return trace.value(name, shape, { order });
};

/**
 * Translations for ONNX Runtime's GPU providers, in place of the usual ones: everything that a training step consists of
 * stays on the device.
 */
export const deviceKernels: Readonly<Record<string, Translation>> = {
  ...devicePooling,
  ArgMax: argMax,
  OneHot: oneHot,
  AddN: addN,
};
