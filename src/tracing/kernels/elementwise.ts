import { backend_util, util } from '@tensorflow/tfjs';
import { elements } from '../../shape.js';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, naturalOrder, type Order, physicalShape, sameOrder, type Value } from '../value.js';
import type { ElementType } from '../view.js';
import { type Translation, translation } from './kernel.js';
import { maxPoolGradientThroughRelu } from './pooling.js';

/** A function of one value, element by element, in whatever order the value is stored. */
function unary(op: string): Translation {
  return (trace, { x }) =>
    trace.value(trace.graph.node(op, [trace.stored(x!)]), x!.shape, { type: x!.type, order: x!.order });
}

/** A function of two values with TensorFlow.js's broadcasting. */
function binary(op: string, type?: ElementType): Translation {
  return (trace, { a, b }) => {
    const shape = backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]);
    const order = commonOrder(a!, b!, shape.length);
    const name = trace.graph.node(op, [broadcastable(trace, a!, order), broadcastable(trace, b!, order)]);
    const result = { type: type ?? a!.type, order };
    // Uniform operands entered as scalars: where one of them reaches beyond the other, spread the result out.
    const [left, right] = [a!, b!].map((value) => (value.uniform === undefined ? [...value.shape] : []));
    if (util.arraysEqual(backend_util.assertAndGetBroadcastShape(left!, right!), shape)) {
      return trace.value(name, shape, result);
    }
    const target = trace.graph.int64s(physicalShape({ shape, order }));
    return trace.value(trace.graph.node('Expand', [name, target]), shape, result);
  };
}

/** The order of the operand that has all axes of the result and is the larger one: the other is cheaper to move. */
function commonOrder(a: Value, b: Value, rank: number): Order {
  const size = (value: Value) => (value.uniform === undefined ? elements(value.shape) : -1);
  const candidates = [a, b].filter((value) => value.shape.length === rank && value.uniform === undefined);
  const [largest] = candidates.toSorted((p, q) => size(q) - size(p));
  return largest?.order ?? naturalOrder(rank);
}

/** The stored name in a form that broadcasts against values stored in `order`. */
function broadcastable(trace: Trace, value: Value, order: Order): string {
  if (value.uniform !== undefined) return value.name;
  const missing = order.length - value.shape.length;
  if (missing === 0) return trace.stored(value, order);
  const shape = [...Array<number>(missing).fill(1), ...value.shape];
  const target = physicalShape({ shape, order });
  const natural = trace.natural(value);
  if (value.shape.length === 0) return natural;
  // Leading axes of size 1 and one long axis at the most: a reshape puts it into place.
  if (value.shape.filter((dimension) => dimension !== 1).length <= 1) {
    return trace.graph.node('Reshape', [natural, trace.graph.int64s(target)]);
  }
  const widened = trace.value(trace.graph.node('Reshape', [natural, trace.graph.int64s(shape)]), shape);
  return trace.stored(widened, order);
}

const multiplyNodes = binary('Mul');

/** Multiply, where gradients often multiply by ones only to spread a value out to a shape, or by the mask of a ReLU. */
const multiply: Translation = (trace, { a, b }, attributes) => {
  const relu = trace.noted('step of', b!.name);
  // In different orders, equal names are different elements.
  const isMask = relu !== undefined && sameOrder(a!.order, b!.order);
  const masked = isMask ? maxPoolGradientThroughRelu(trace, a!, relu) : undefined;
  if (masked) return masked;
  const [ones, other] = a!.uniform === 1 ? [a!, b!] : [b!, a!];
  if (ones.uniform !== 1 || other.uniform !== undefined || other.shape.length !== ones.shape.length) {
    return multiplyNodes(trace, { a: a!, b: b! }, attributes);
  }
  const shape = backend_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]);
  if (shape.every((dimension, axis) => dimension === other.shape[axis])) return other;
  return spread(trace, other, shape);
};

/** The value with axes of size 1 repeated to `shape`. */
function spread(trace: Trace, value: Value, shape: readonly number[]): Value {
  const { type, order } = value;
  const [batch, height, width, channels] = shape;
  // A number for each channel becomes a feature map, in the order of those; ONNX Runtime multiplies faster than it expands.
  if (type === 'float32' && util.arraysEqual([...value.shape], [batch!, 1, 1, channels!])) {
    const plane = trace.graph.floats(new Float32Array(height! * width!).fill(1), [1, 1, height!, width!]);
    const name = trace.graph.node('Mul', [trace.stored(value, CHANNELS_FIRST), plane]);
    return trace.value(name, shape, { order: CHANNELS_FIRST });
  }
  const target = trace.graph.int64s(physicalShape({ shape, order }));
  return trace.value(trace.graph.node('Expand', [trace.stored(value), target]), shape, { order, type });
}

/** max(x, 0); the result is noted for Step, which then needs x no more. */
const relu: Translation = (trace, { x }) => {
  const source = trace.stored(x!);
  const name = trace.graph.node('Relu', [source]);
  trace.note('relu', source, name);
  return trace.value(name, x!.shape, { order: x!.order });
};

/** 1 where x > 0, else alpha. */
const step = translation<{ alpha: number }>((trace, { x }, { alpha }) => {
  const { graph } = trace;
  const source = trace.stored(x!);
  const y = trace.noted('relu', source);
  const name =
    y !== undefined && alpha === 0
      ? stepOfRelu(trace, y)
      : graph.node('Where', [
          graph.node('Greater', [source, graph.floats([0], [])]),
          graph.floats([1], []),
          graph.floats([alpha], []),
        ]);
  return trace.value(name, x!.shape, { order: x!.order });
});

/** Largest power of 2 in float32: times the least normal number, it is 2. */
const STEEP = 2 ** 127;

/**
 * 1 where y = relu(x) is positive, else 0, as min(1, STEEP × y): one pass, where a comparison and a cast are two.
 * (Numbers below 2^-127, which processors may take for 0 as well, get a part of 1.)
 */
function stepOfRelu(trace: Trace, y: string): string {
  const name = trace.graph.node('HardSigmoid', [y], { alpha: { float: STEEP }, beta: { float: 0 } });
  trace.note('step of', name, y);
  return name;
}

const clip = translation<{ clipValueMin: number; clipValueMax: number }>(
  (trace, { x }, { clipValueMin, clipValueMax }) => {
    const { graph } = trace;
    const bounds = [graph.floats([clipValueMin], []), graph.floats([clipValueMax], [])];
    const name = graph.node('Clip', [trace.stored(x!), ...bounds]);
    return trace.value(name, x!.shape, { order: x!.order });
  },
);

const addN: Translation = (trace, inputs) => {
  const values = Object.values(inputs);
  const { order, shape } = values[0]!;
  return trace.value(
    trace.graph.node(
      'Sum',
      values.map((value) => trace.stored(value, order)),
    ),
    shape,
    { order },
  );
};

export const elementwise: Readonly<Record<string, Translation>> = {
  Abs: unary('Abs'),
  Neg: unary('Neg'),
  Exp: unary('Exp'),
  Log: unary('Log'),
  Erf: unary('Erf'),
  ClipByValue: clip,
  Sqrt: unary('Sqrt'),
  Reciprocal: unary('Reciprocal'),
  Floor: unary('Floor'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Square: translation((trace, { x }) => {
    const name = trace.stored(x!);
    return trace.value(trace.graph.node('Mul', [name, name]), x!.shape, { type: x!.type, order: x!.order });
  }),
  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: multiply,
  RealDiv: binary('Div'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Equal: binary('Equal', 'bool'),
  Greater: binary('Greater', 'bool'),
  Relu: relu,
  Step: step,
  AddN: addN,
};
