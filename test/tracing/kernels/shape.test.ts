import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { nodeCount } from '../../helpers/graphs.js';
import { ordersOf } from '../../helpers/orders.js';
import { TestRandom } from '../../helpers/random.js';
import { type TensorFunction, traceFunction } from '../../helpers/runners.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

const random = new TestRandom(3);
const SHAPE = [2, 3, 4, 5];
const MAP = random.tensor(SHAPE);
const MATRIX = random.tensor([3, 4]);

/** Checks a function of a feature map and a matrix in every storage order. */
async function inEveryOrder(run: TensorFunction): Promise<void> {
  for (const order of ordersOf(4))
    for (const matrixOrder of ordersOf(2))
      await traceAndRun(run, [
        { ...MAP, order },
        { ...MATRIX, order: matrixOrder },
      ]);
}

describe('Cast', () => {
  it('float32, int32, uint8 and bool', async () => {
    const numbers = { shape: [2, 3], values: [-2.7, -1, 0, 0.4, 1.5, 200], order: [1, 0] };
    const casts: TensorFunction = ([x]) => [
      tf.cast(x!, 'float32'),
      tf.cast(x!, 'int32'),
      tf.cast(tf.cast(x!, 'bool'), 'float32'),
      tf.cast(tf.cast(x!, 'bool'), 'int32'),
      tf.cast(tf.ones([2]), 'int32'),
    ];
    await traceAndRun(casts, [numbers]);
    const bytes = { ...numbers, values: [0, 1, 2, 127, 128, 255] };
    await traceAndRun(casts, [{ ...bytes, type: 'int32' }]);
    await traceAndRun(casts, [{ ...bytes, type: 'uint8' }]);
  });
});

describe('Transpose', () => {
  it('any permutation, and chains of them', async () => {
    const permutations = [...ordersOf(4), [3, 2, 1, 0], [1, 2, 3, 0]].map((order) => [...order]);
    await inEveryOrder(([x, m]) => [
      ...permutations.flatMap((perm) => [
        tf.transpose(x!, perm),
        tf.transpose(tf.transpose(x!, perm), [2, 0, 3, 1]),
      ]),
      tf.transpose(m!),
    ]);
    await traceAndRun(() => [tf.transpose(tf.fill([2, 3, 1], 4), [2, 0, 1])], []);
  });

  it('moves no data until the order matters', async () => {
    const { graph } = await traceFunction(
      ([x]) => tf.transpose(tf.relu(tf.transpose(x!, [0, 2, 3, 1])), [0, 3, 1, 2]),
      [MAP],
    );
    expect(nodeCount(graph)).toBe(1);
  });
});

describe('Reshape and ExpandDims', () => {
  it('read the values in TensorFlow.js’ order', async () => {
    await inEveryOrder(([x, m]) => [
      tf.reshape(x!, [6, 20]),
      tf.reshape(x!, [-1]),
      tf.reshape(x!, [2, 3, 4, 5]),
      tf.reshape(x!, [2, 1, 12, 5]),
      tf.reshape(tf.transpose(x!, [0, 3, 1, 2]), [2, 60]),
      ...[0, 1, 2, -1].map((axis) => tf.expandDims(m!, axis)),
      tf.squeeze(tf.expandDims(m!, 1)),
      tf.reshape(tf.ones([2, 6]), [3, 4]),
      tf.reshape(tf.scalar(3), [1, 1]),
    ]);
  });
});

describe('Concat and Pack', () => {
  it('join values of different orders, constants among them', async () => {
    await inEveryOrder(([x, m]) => [
      ...[0, 1, 2, 3, -1].map((axis) => tf.concat([x!, tf.mul(x!, 2), tf.ones(SHAPE)], axis)),
      ...[0, 1, 2, 3].map((axis) => tf.concat([tf.ones(SHAPE), tf.transpose(tf.transpose(x!)), x!], axis)),
      tf.concat([m!, tf.transpose(tf.reshape(m!, [4, 3]))], 1),
      tf.concat([tf.ones([2, 2]), tf.zeros([2, 3])], 1),
      ...[0, 1, 2, -1].map((axis) => tf.stack([m!, tf.mul(m!, 3), tf.zeros([3, 4])], axis)),
      tf.stack([tf.scalar(1), tf.sum(m!)]),
    ]);
    const integers = { ...random.integers([2, 3], 0, 9), type: 'int32' as const };
    await traceAndRun(([a]) => [tf.concat([a!, a!], 0), tf.stack([a!, a!], 1)], [integers]);
  });

  it('a concatenation of more than nine keeps their order', async () => {
    const inputs = Array.from({ length: 12 }, () => random.tensor([1, 2]));
    await traceAndRun((all) => [tf.concat(all, 0), tf.stack(all)], inputs);
  });
});

describe('SplitV', () => {
  it('into equal and unequal parts', async () => {
    await inEveryOrder(([x, m]) => [
      ...[0, 1, 2, 3].flatMap((axis) => tf.split(x!, SHAPE[axis]!, axis)),
      ...tf.split(x!, [1, 3, 1], 3),
      ...tf.split(x!, [1, -1], -1),
      ...tf.split(x!, 1, 2),
      ...tf.split(m!, 2, 1),
      ...tf.split(tf.fill([2, 4], 7), 2, 1),
    ]);
  });

  it('its gradient concatenates', async () => {
    for (const order of ordersOf(4))
      await traceAndRun(
        ([x, y]) => tf.grads((v) => tf.mul(tf.split(v!, [2, 3], 3)[1]!, y!))([x!]),
        [{ ...MAP, order }, random.tensor([2, 3, 4, 3])],
      );
  });
});

describe('Slice', () => {
  it('a part of each axis, or all that is left', async () => {
    await inEveryOrder(([x, m]) => [
      tf.slice(x!, [0, 1, 2, 3], [2, 2, 1, 2]),
      tf.slice(x!, [1, 0, 1, 4], [-1, -1, -1, -1]),
      tf.slice(x!, [1], [1]),
      tf.slice(m!, [2, 1], [1, -1]),
      tf.slice(tf.fill([3, 4], 5), [1, 1], [2, 2]),
    ]);
  });
});

describe('PadV2', () => {
  it('each side of each axis, with any value, and its gradient', async () => {
    await inEveryOrder(([x, m]) => [
      tf.pad(x!, [
        [0, 1],
        [2, 0],
        [0, 0],
        [3, 4],
      ]),
      tf.pad(
        m!,
        [
          [1, 0],
          [0, 2],
        ],
        -1.5,
      ),
      ...tf.grads((v) =>
        tf.square(
          tf.pad(v!, [
            [0, 0],
            [1, 2],
            [3, 0],
            [0, 0],
          ]),
        ),
      )([x!]),
    ]);
    const integers = { ...random.integers([3], 0, 9), type: 'int32' as const };
    await traceAndRun(([a]) => tf.pad(a!, [[1, 2]], 7), [integers]);
  });
});

describe('Tile', () => {
  it('repeats along each axis', async () => {
    await inEveryOrder(([x, m]) => [
      tf.tile(x!, [1, 2, 1, 3]),
      tf.tile(m!, [2, 3]),
      tf.tile(tf.ones([2, 1]), [1, 3]),
    ]);
  });
});

describe('constants', () => {
  it('Fill, ZerosLike, OnesLike and Identity', async () => {
    await inEveryOrder(([x, m]) => [
      tf.fill([2, 3], 1.5),
      tf.fill([2], 3, 'int32'),
      tf.zerosLike(x!),
      tf.onesLike(m!),
      tf.onesLike(tf.cast(m!, 'int32')),
      tf.clone(x!),
      tf.zeros([0]),
    ]);
  });

  it('written by TensorFlow.js: as data where the elements differ', async () => {
    await traceAndRun(
      () => [
        tf.tensor1d([1, 2, 3]),
        // Infinities tell the two zeros apart.
        tf.reciprocal(tf.tensor1d([0, -0, 0])),
        tf.tensor1d([1, 1]),
        tf.scalar(4, 'int32'),
        tf.tensor2d([1, 2], [1, 2], 'int32'),
        tf.tensor1d([Number.NaN, Number.NaN]),
      ],
      [],
    );
  });
});
