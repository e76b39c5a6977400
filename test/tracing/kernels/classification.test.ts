import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { ordersOf } from '../../helpers/orders.js';
import { TestRandom } from '../../helpers/random.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

const random = new TestRandom(5);

describe('softmax', () => {
  it('Softmax and logSoftmax, over the last axis of values in any order', async () => {
    for (const shape of [[5], [3, 4], [2, 3, 4]]) {
      const x = { ...random.tensor(shape), values: random.integers(shape, -80, 80).values };
      for (const order of ordersOf(shape.length))
        await traceAndRun(([a]) => [tf.softmax(a!), tf.logSoftmax(a!)], [{ ...x, order }]);
    }
    await traceAndRun(() => tf.softmax(tf.ones([2, 4])), []);
  });

  it('gradients', async () => {
    for (const order of ordersOf(2)) {
      const inputs = [{ ...random.tensor([3, 4]), order }, random.tensor([3, 4])];
      await traceAndRun(
        ([a, dy]) => [
          ...tf.grads((v) => tf.softmax(v!))([a!], dy!),
          ...tf.grads((v) => tf.logSoftmax(v!))([a!], dy!),
        ],
        inputs,
      );
    }
  });
});

describe('OneHot', () => {
  it('of int32 in any order, with any two values', async () => {
    for (const shape of [[6], [3, 4]]) {
      const labels = { ...random.integers(shape, 0, 4), type: 'int32' as const };
      for (const order of ordersOf(shape.length))
        await traceAndRun(
          ([a]) => [tf.oneHot(a as tf.Tensor1D, 5), tf.oneHot(a as tf.Tensor1D, 7, 3, -2)],
          [{ ...labels, order }],
        );
    }
  });

  it('is 0 everywhere for a class out of range', async () => {
    const labels = { shape: [3], values: [4, 5, 1000], type: 'int32' as const };
    await traceAndRun(([a]) => tf.oneHot(a as tf.Tensor1D, 5), [labels]);
  });
});
