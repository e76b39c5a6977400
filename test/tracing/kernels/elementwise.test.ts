import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CHANNELS_FIRST, CHANNELS_OUTERMOST, FILTER } from '../../../src/tracing/value.js';
import { nodeCount } from '../../helpers/graphs.js';
import { ordersOf } from '../../helpers/orders.js';
import { TestRandom } from '../../helpers/random.js';
import { traceFunction } from '../../helpers/runners.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

const random = new TestRandom(1);
const map = random.tensor([2, 3, 4, 5]);
const positiveMap = { ...map, values: Array.from(map.values, (value) => Math.abs(value) + 0.1) };

describe('functions of one value', () => {
  it.each<[string, (x: tf.Tensor) => tf.Tensor, typeof map]>([
    ['Abs', tf.abs, map],
    ['Neg', tf.neg, map],
    ['Exp', tf.exp, map],
    ['Log', tf.log, positiveMap],
    ['Sqrt', tf.sqrt, positiveMap],
    ['Reciprocal', tf.reciprocal, positiveMap],
    ['Floor', (x) => tf.floor(tf.mul(x, 5)), map],
    ['Sigmoid', tf.sigmoid, map],
    ['Tanh', tf.tanh, map],
    ['Square', tf.square, map],
    ['Relu', tf.relu, map],
    ['Step', tf.step, map],
  ])('%s, of a map in any order, a number and a constant', async (_name, run, x) => {
    for (const order of ordersOf(4)) await traceAndRun(([a]) => run(a!), [{ ...x, order }]);
    await traceAndRun(([a]) => run(a!), [{ shape: [], values: [0.5] }]);
    await traceAndRun(() => [run(tf.fill([2, 3], 0.5)), run(tf.scalar(2))], []);
  });

  it('keeps int32', async () => {
    const x = { ...random.integers([2, 3], -9, 9), type: 'int32' as const };
    const { graph } = await traceFunction(([a]) => tf.abs(a!), [x]);
    expect(nodeCount(graph)).toBe(1);
    await traceAndRun(([a]) => [tf.abs(a!), tf.neg(a!), tf.square(a!)], [x]);
  });
});

describe('functions of two values', () => {
  const functions = [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum, tf.equal, tf.greater];
  const shapes: [number[], number[]][] = [
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    [[2, 3, 4, 5], []],
    [[2, 3, 4, 5], [5]],
    [[2, 3, 4, 5], [1]],
    [
      [2, 3, 4, 5],
      [4, 1],
    ],
    [
      [2, 3, 4, 5],
      [4, 5],
    ],
    [
      [2, 3, 4, 5],
      [3, 1, 5],
    ],
    [
      [2, 3, 4, 5],
      [2, 1, 1, 5],
    ],
    [
      [2, 1, 4, 1],
      [1, 3, 1, 5],
    ],
    [
      [3, 1],
      [2, 1, 4],
    ],
    [[3, 1], [4]],
    [[3], [3]],
    [[], []],
  ];

  it.each(shapes)('broadcasts %j and %j, stored in any order', async (left, right) => {
    const a = random.integers(left, 1, 4);
    const b = random.integers(right, 1, 4);
    const orders = ordersOf(right.length);
    for (const [index, order] of ordersOf(left.length).entries()) {
      const inputs = [
        { ...a, order },
        { ...b, order: orders[index % orders.length]! },
      ];
      await traceAndRun(([x, y]) => functions.flatMap((run) => [run(x!, y!), run(y!, x!)]), inputs);
    }
  });

  it('constants, which are no data in the graph', async () => {
    const constants = () => [
      tf.scalar(2),
      tf.fill([3], 2),
      tf.ones([4, 1]),
      tf.fill([3, 4, 3], 2),
      tf.ones([2, 3, 4, 3]),
      tf.zeros([1, 1, 1, 3]),
      tf.tensor([1, 2, 3]),
      tf.tensor([2, 1, 2, 3], [4, 1]),
    ];
    for (const shape of [[2, 3, 4, 3], [4, 1], [3], [], [2, 1, 1, 3]]) {
      const x = { ...random.integers(shape, 1, 3), order: ordersOf(shape.length).at(-1)! };
      const both = (a: tf.Tensor, b: tf.Tensor) => functions.flatMap((run) => [run(a, b), run(b, a)]);
      await traceAndRun(([a]) => constants().flatMap((constant) => both(a!, constant)), [x]);
    }
    const pairs = () => constants().flatMap((a) => constants().map((b) => [a, b] as const));
    await traceAndRun(() => functions.flatMap((run) => pairs().map(([a, b]) => run(a, b))), []);
  });

  it('int32 and bool', async () => {
    const a = { ...random.integers([3, 4], -3, 3), type: 'int32' as const };
    const b = { ...random.integers([4], -3, 3), type: 'int32' as const };
    await traceAndRun(
      ([x, y]) => [
        ...functions.filter((run) => run !== tf.div).map((run) => run(x!, y!)),
        tf.equal(tf.greater(x!, y!), tf.greater(y!, x!)),
        tf.add(x!, tf.scalar(1, 'int32')),
        tf.mul(x!, tf.ones([3, 4], 'int32')),
      ],
      [a, b],
    );
  });
});

describe('Multiply by ones', () => {
  it('is the other operand, or that spread out', async () => {
    const x = { ...random.tensor([2, 1, 4, 5]), order: CHANNELS_FIRST };
    const same = await traceFunction(
      ([a]) => tf.mul(a!, tf.ones([2, 1, 4, 5])),
      [{ ...x, order: [0, 1, 2, 3] }],
    );
    expect(nodeCount(same.graph)).toBe(0);
    await traceAndRun(([a]) => [tf.mul(a!, tf.ones([2, 3, 4, 5])), tf.mul(tf.ones([1, 3, 1, 1]), a!)], [x]);
    await traceAndRun(([a]) => [tf.mul(a!, tf.ones([4, 5])), tf.mul(tf.ones([1, 2, 1, 4, 5]), a!)], [x]);
  });
});

describe('Relu and Step', () => {
  it('the gradient of relu is dy as it is wherever x is positive, be it the least or the largest of numbers', async () => {
    const values = [-Infinity, -1, -(2 ** -126), -0, 0, 2 ** -126, 2 ** -100, 0.5, 1, 3e38, Infinity];
    const x = { shape: [values.length], values };
    const dy = { shape: [values.length], values: values.map((_, index) => 3 - index / 2) };
    const [dx] = await traceAndRun(([a, d]) => tf.grads((v) => tf.relu(v!))([a!], d!), [x, dy]);
    expect(Array.from(dx!.values, (value) => value + 0)).toEqual(
      dy.values.map((value, index) => (values[index]! > 0 ? value : 0)),
    );
  });

  it('the gradient of relu is 0 at 0, in any order', async () => {
    const x = random.integers([2, 3, 4, 5], -1, 1);
    for (const order of ordersOf(4))
      await traceAndRun(
        ([a, dy]) => [tf.relu(a!), ...tf.grads((v) => tf.relu(v!))([a!], dy!)],
        [{ ...x, order }, random.tensor([2, 3, 4, 5])],
      );
  });

  it('of a value and of its transposed view', async () => {
    const x = random.tensor([3, 4]);
    await traceAndRun(([a]) => [tf.relu(a!), tf.step(tf.transpose(a!)), tf.step(a!)], [x]);
  });

  it('of constants that share their number but not their shape', async () => {
    await traceAndRun(() => [tf.relu(tf.ones([2, 3])), tf.step(tf.ones([4])), tf.step(tf.scalar(1))], []);
  });

  it('with a slope below 0', async () => {
    await traceAndRun(([a]) => tf.step(a!, 0.25), [map]);
    await traceAndRun(([a]) => [tf.relu(a!), tf.step(a!, 0.25)], [map]);
  });
});

describe('AddN', () => {
  it('adds values of different orders', async () => {
    const shape = [2, 3, 4, 5];
    const orders = [CHANNELS_FIRST, CHANNELS_OUTERMOST, FILTER];
    const inputs = orders.map((order) => ({ ...random.tensor(shape), order }));
    await traceAndRun((all) => [tf.addN(all), tf.addN([tf.ones(shape), ...all]), tf.addN([all[0]!])], inputs);
  });
});
