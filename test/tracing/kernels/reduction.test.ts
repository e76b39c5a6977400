import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../../src/engines/onnxruntime/encode.js';
import { nodeCount } from '../../helpers/graphs.js';
import { ordersOf } from '../../helpers/orders.js';
import { TestRandom } from '../../helpers/random.js';
import { traceFunction } from '../../helpers/runners.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

const random = new TestRandom(2);

/** Every choice of axes of a rank but none at all. */
function axisChoices(rank: number): number[][] {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  return Array.from({ length: 2 ** rank - 1 }, (_, index) =>
    axes.filter((axis) => ((index + 1) & (1 << axis)) !== 0),
  );
}

describe('reductions', () => {
  it.each<[string, typeof tf.sum]>([
    ['Sum', tf.sum],
    ['Mean', tf.mean],
    ['Max', tf.max],
  ])('%s over any axes of values in any order, kept or not', async (_name, run) => {
    for (const shape of [[3], [3, 4], [2, 3, 4], [2, 3, 4, 5]]) {
      const choices = axisChoices(shape.length);
      const x = random.tensor(shape);
      for (const order of ordersOf(shape.length)) {
        const all = (a: tf.Tensor) =>
          choices.flatMap((axes) => [run(a, axes), run(a, axes, true), run(a, axes.toReversed())]);
        await traceAndRun(([a]) => [...all(a!), run(a!), run(a!, -1)], [{ ...x, order }]);
      }
    }
  });

  it('of constants, of numbers, and over no axes', async () => {
    await traceAndRun(() => [tf.sum(tf.ones([3, 4]), 0), tf.mean(tf.fill([2, 3, 4, 5], 3), [1, 2])], []);
    await traceAndRun(([a]) => [tf.sum(a!), tf.mean(a!), tf.max(a!)], [{ shape: [], values: [3] }]);
    await traceAndRun(([a]) => [tf.sum(a!, []), tf.max(a!, [])], [random.tensor([2, 3])]);
  });

  it('of int32 and bool', async () => {
    const x = { ...random.integers([3, 4], -5, 5), type: 'int32' as const, order: [1, 0] };
    await traceAndRun(
      ([a]) => [tf.sum(a!, 0), tf.max(a!, 1), tf.sum(tf.greater(a!, tf.scalar(0, 'int32')))],
      [x],
    );
  });

  it('the result is read in its own order: arithmetic after a reduction', async () => {
    for (const order of ordersOf(4)) {
      const x = { ...random.tensor([2, 3, 4, 5]), order };
      await traceAndRun(
        ([a]) => [
          tf.sub(a!, tf.mean(a!, [1, 2], true)),
          tf.add(tf.sum(a!, 0), tf.max(a!, [0, 1])),
          tf.add(tf.transpose(tf.sum(a!, 1), [2, 0, 1]), tf.mean(a!, [0, 1, 3])),
        ],
        [x],
      );
    }
  });

  it('gradients of a mean and a sum, whose ones are no data', async () => {
    const x = random.tensor([2, 3, 4, 5]);
    for (const order of ordersOf(4)) {
      const inputs = [{ ...x, order }, random.tensor([2, 5]), random.tensor([])];
      await traceAndRun(
        ([a, dy, one]) => [
          ...tf.grads((v) => tf.mean(v!, [1, 2]))([a!], dy!),
          ...tf.grads((v) => tf.sum(v!))([a!], one!),
          ...tf.grads((v) => tf.max(v!, [1, 2]))([a!], dy!),
        ],
        inputs,
      );
    }
    const { graph } = await traceFunction(
      ([a, dy]) => tf.grads((v) => tf.mean(v!, [1, 2]))([a!], dy!),
      [random.tensor([8, 16, 16, 8]), random.tensor([8, 8])],
    );
    // One plane of ones is, at the most: 16 × 16 of float32.
    expect(encodeModel(graph.finish()).length).toBeLessThan(1000 + 4 * 16 * 16);
  });
});

describe('ArgMax', () => {
  it('is the first of equals, over any axis of values in any order', async () => {
    for (const shape of [[6], [3, 4], [2, 3, 4], [2, 3, 4, 5]]) {
      const x = random.integers(shape, 0, 2);
      for (const order of ordersOf(shape.length)) {
        const [indices] = await traceAndRun(
          ([a]) => [tf.argMax(a!, -1), ...shape.map((_, axis) => tf.argMax(a!, axis))],
          [{ ...x, order }],
        );
        expect(indices!.shape).toEqual(shape.slice(0, -1));
      }
    }
    const { graph } = await traceFunction(([a]) => tf.argMax(a!, 1), [random.tensor([3, 4])]);
    expect(nodeCount(graph)).toBe(2);
  });
});
