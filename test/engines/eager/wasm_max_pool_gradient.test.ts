import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadTfjs } from '../../../src/backends/load_tfjs.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { maxPoolGradient, outputSize, type Window } from '../../helpers/naive.js';
import { toChannelsFirst } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runners } from '../../helpers/runners.js';

const random = new TestRandom(41);

function randomCase() {
  const kernel = [random.integer(1, 4), random.integer(1, 4)] as const;
  const padding = [
    random.integer(0, Math.floor(kernel[0] / 2)),
    random.integer(0, Math.floor(kernel[1] / 2)),
  ] as const;
  const size = (axis: 0 | 1) => Math.max(1, kernel[axis] - 2 * padding[axis]) + random.integer(0, 5);
  const input = [random.integer(1, 3), size(0), size(1), random.integer(1, 5)] as const;
  return { input, kernel, stride: [random.integer(1, 4), random.integer(1, 4)] as const, padding };
}

const gradientOf =
  (pool: (x: tf.Tensor4D) => tf.Tensor) =>
  ([x, dy]: tf.Tensor[]) =>
    tf.grads((v) => pool(v as tf.Tensor4D))([x!], dy!);

describe('MaxPoolGrad on wasm', () => {
  it.each(Array.from({ length: 20 }, randomCase))(
    'input $input, window $kernel, stride $stride, padding $padding',
    async ({ input, ...window }: { input: readonly [number, number, number, number] } & Window) => {
      const { kernel, stride, padding } = window;
      const outSize = [outputSize(input[1], 0, window), outputSize(input[2], 1, window)] as const;
      const dy = random.tensor([input[0], ...outSize, input[3]]);
      const pool = (x: tf.Tensor4D) =>
        tf.maxPool(
          x,
          [...kernel],
          [...stride],
          [
            [0, 0],
            [padding[0], padding[0]],
            [padding[1], padding[1]],
            [0, 0],
          ],
        );
      // Values below 0, and few different ones: the kernel of TensorFlow.js fails at both.
      for (const x of [random.tensor(input), random.integers(input, -3, -1)]) {
        const [dx] = await runners.wasm(gradientOf(pool), [x, dy]);
        const expected = maxPoolGradient(toChannelsFirst(x), toChannelsFirst(dy), window);
        expectAllClose(toChannelsFirst(dx!).values, expected.values);
      }
    },
  );

  it('padding by name, as on cpu', async () => {
    const pool = (x: tf.Tensor4D) => tf.maxPool(x, 3, 2, 'same');
    const inputs = [random.integers([2, 5, 6, 2], -2, 2), random.tensor([2, 3, 3, 2])];
    const [actual] = await runners.wasm(gradientOf(pool), inputs);
    const [expected] = await runners.cpu(gradientOf(pool), inputs);
    expectAllClose(actual!.values, expected!.values);
  });

  it('is the only one however often the backend is loaded, and leaves nothing but its result', async () => {
    await loadTfjs('wasm');
    await loadTfjs('wasm');
    const named = tf.getKernelsForBackend('wasm').filter(({ kernelName }) => kernelName === 'MaxPoolGrad');
    expect(named).toHaveLength(1);
    const [dx] = tf.tidy(() => {
      const x = tf.ones<tf.Rank.R4>([1, 4, 4, 2]);
      const before = tf.memory().numTensors;
      const results = tf.grads((v) => tf.maxPool(v as tf.Tensor4D, 2, 2, 'valid'))([x]);
      expect(tf.memory().numTensors).toBe(before + 1);
      return results;
    });
    dx!.dispose();
  });
});
