import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { expectAllClose } from '../../helpers/all_close.js';
import { nodeCount } from '../../helpers/graphs.js';
import { ordersOf } from '../../helpers/orders.js';
import { TestRandom } from '../../helpers/random.js';
import { runners, traceFunction } from '../../helpers/runners.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

const random = new TestRandom(4);
const FLAGS = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const swapLast = (shape: readonly number[]) => [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];

describe('BatchMatMul', () => {
  it.each(FLAGS)('of matrices, transposed: %j and %j', async (transposeA, transposeB) => {
    const a = random.tensor(transposeA ? [4, 3] : [3, 4]);
    const b = random.tensor(transposeB ? [5, 4] : [4, 5]);
    for (const left of ordersOf(2))
      for (const right of ordersOf(2)) {
        const inputs = [
          { ...a, order: left },
          { ...b, order: right },
        ];
        const [product, ofViews] = await traceAndRun(
          ([x, y]) => [
            tf.matMul(x!, y!, transposeA, transposeB),
            tf.matMul(tf.transpose(x!), tf.transpose(y!), !transposeA, !transposeB),
            ...tf.grads((p, q) => tf.square(tf.matMul(p!, q!, transposeA, transposeB)))([x!, y!]),
          ],
          inputs,
        );
        expect(ofViews).toEqual(product);
        expect(product!.shape).toEqual([3, 5]);
      }
  });

  it('transposes nothing by hand', async () => {
    const { graph } = await traceFunction(
      ([a, b]) => tf.matMul(tf.transpose(a!), b!, false, true),
      [random.tensor([4, 3]), random.tensor([5, 4])],
    );
    expect(nodeCount(graph)).toBe(1);
  });

  it.each(FLAGS)('of stacks of matrices, transposed: %j and %j', async (transposeA, transposeB) => {
    const stacks: [number[], number[]][] = [
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 3, 4],
        [1, 4, 5],
      ],
      [
        [1, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 3, 4],
        [4, 5],
      ],
      [
        [2, 3, 3, 4],
        [3, 4, 5],
      ],
    ];
    for (const [left, right] of stacks) {
      const a = random.tensor(transposeA ? swapLast(left) : left);
      const b = random.tensor(transposeB ? swapLast(right) : right);
      const orders = ordersOf(right.length);
      for (const [index, order] of ordersOf(left.length).entries()) {
        const inputs = [
          { ...a, order },
          { ...b, order: orders[index % orders.length]! },
        ];
        await traceAndRun(([x, y]) => tf.matMul(x!, y!, transposeA, transposeB), inputs);
      }
    }
  });

  it('of stacks that both repeat', async () => {
    // TensorFlow.js' own cpu kernel repeats one side only: the reference has the stacks repeated by hand.
    const [product, expected] = await runners.traced(
      ([x, y]) => [tf.matMul(x!, y!), tf.matMul(tf.tile(x!, [1, 3, 1, 1]), tf.tile(y!, [2, 1, 1, 1]))],
      [random.tensor([2, 1, 3, 4]), random.tensor([1, 3, 4, 5])],
    );
    expect(product!.shape).toEqual([2, 3, 3, 5]);
    expectAllClose(product!.values, expected!.values);
  });

  it('with constants', async () => {
    await traceAndRun(
      ([a]) => [
        tf.matMul(a!, tf.ones([4, 2])),
        tf.matMul(tf.fill([2, 3], 2), a!),
        tf.matMul(tf.ones([1, 2, 3]), a!),
      ],
      [random.tensor([3, 4])],
    );
  });
});
