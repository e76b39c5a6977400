import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadTfjs } from '../../../src/backends/load_tfjs.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { TestRandom } from '../../helpers/random.js';
import { runners, type TensorFunction } from '../../helpers/runners.js';
import { whyNoTensorflow } from '../../helpers/tensorflow.js';

type Padding = Parameters<typeof tf.maxPool>[3];

const random = new TestRandom(43);
const paddings: [string, Padding][] = [
  ['same', 'same'],
  ['valid', 'valid'],
  [
    'each side its own',
    [
      [0, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ],
  ],
];

// The layers' suites compare padding in numbers with independent computations; here is what layers do not use.
describe.skipIf(whyNoTensorflow !== null)('kernels replaced on tensorflow give what cpu gives', () => {
  const x = random.tensor([2, 6, 7, 3]);

  async function expectSame(run: TensorFunction, inputs: Parameters<typeof runners.cpu>[1]): Promise<void> {
    const [actual, expected] = [await runners.tensorflow(run, inputs), await runners.cpu(run, inputs)];
    for (const [index, { shape, values }] of expected.entries()) {
      expect(actual[index]!.shape).toEqual(shape);
      expectAllClose(actual[index]!.values, values);
    }
  }

  it.each([...paddings, ['in a number', 1]] as typeof paddings)(
    'max pooling and its gradient, padding %s',
    async (_name, padding) => {
      const pool = (v: tf.Tensor) => tf.maxPool(v as tf.Tensor4D, [3, 2], 2, padding);
      await expectSame(([v]) => [pool(v!), ...tf.grads((u) => tf.square(pool(u!)))([v!])], [x]);
    },
  );

  it.each(paddings)('gradients of a convolution, padding %s', async (_name, padding) => {
    const filter = random.tensor([3, 2, 3, 4]);
    const convolve = (v: tf.Tensor, w: tf.Tensor) =>
      tf.square(tf.conv2d(v as tf.Tensor4D, w as tf.Tensor4D, [2, 1], padding));
    await expectSame(([v, w]) => tf.grads(convolve as () => tf.Tensor)([v!, w!]), [x, filter]);
  });

  it('leave nothing but their results', async () => {
    await loadTfjs('tensorflow');
    await loadTfjs('tensorflow');
    const [dx, dw] = tf.tidy(() => {
      const inputs = [tf.ones([1, 4, 4, 1]), tf.ones([2, 2, 1, 1])];
      const before = tf.memory().numTensors;
      const convolve = (v: tf.Tensor, w: tf.Tensor) =>
        tf.maxPool(tf.conv2d(v as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'), 2, 1, 1);
      const gradients = tf.grads(convolve as () => tf.Tensor)(inputs);
      expect(tf.memory().numTensors).toBe(before + 2);
      return gradients;
    });
    tf.dispose([dx!, dw!]);
  });
});
