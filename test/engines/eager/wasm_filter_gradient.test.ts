import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadTfjs } from '../../../src/backends/load_tfjs.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolutionGradients, outputSize, type Window } from '../../helpers/naive.js';
import { toChannelsFirst, toPyTorchFilter } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runners } from '../../helpers/runners.js';

const random = new TestRandom(40);

interface Case extends Window {
  /** [batch, height, width, channels]. */
  readonly input: readonly [number, number, number, number];
  readonly filters: number;
}

function randomCase(): Case {
  const kernel = [random.integer(1, 4), random.integer(1, 4)] as const;
  const padding = [random.integer(0, kernel[0] + 1), random.integer(0, kernel[1] + 1)] as const;
  const size = (axis: 0 | 1) => Math.max(1, kernel[axis] - 2 * padding[axis]) + random.integer(0, 5);
  return {
    input: [random.integer(1, 3), size(0), size(1), random.integer(1, 5)],
    filters: random.integer(1, 4),
    kernel,
    stride: [random.integer(1, 4), random.integer(1, 4)],
    padding,
  };
}

describe('Conv2DBackpropFilter on wasm', () => {
  it.each(Array.from({ length: 30 }, randomCase))(
    'input $input, $filters filters $kernel, stride $stride, padding $padding',
    async ({ input, filters, ...window }) => {
      const { kernel, stride, padding } = window;
      const x = random.tensor(input);
      const w = random.tensor([...kernel, input[3], filters]);
      const dy = random.tensor([
        input[0],
        outputSize(input[1], 0, window),
        outputSize(input[2], 1, window),
        filters,
      ]);
      const convolve = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv2d(
          a as tf.Tensor4D,
          b as tf.Tensor4D,
          [...stride],
          [
            [0, 0],
            [padding[0], padding[0]],
            [padding[1], padding[1]],
            [0, 0],
          ],
        );
      const [, dw] = await runners.wasm(
        ([a, b, d]) => tf.grads((p, q) => convolve(p!, q!))([a!, b!], d!),
        [x, w, dy],
      );
      const expected = convolutionGradients(
        toChannelsFirst(x),
        toPyTorchFilter(w),
        toChannelsFirst(dy),
        window,
      );
      expectAllClose(toPyTorchFilter(dw!).values, expected.filter.values);
    },
  );

  it.each([
    ['same', 1],
    ['same', 2],
    ['valid', 3],
  ] as const)('padding %s, stride %d, as on cpu', async (pad, stride) => {
    const inputs = [random.tensor([2, 7, 6, 3]), random.tensor([3, 2, 3, 2])];
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
    const gradients = ([a, b]: tf.Tensor[]) => tf.grads((p, q) => tf.square(convolve(p!, q!)))([a!, b!]);
    const [actual, expected] = [await runners.wasm(gradients, inputs), await runners.cpu(gradients, inputs)];
    for (const [index, { values }] of expected.entries()) expectAllClose(actual[index]!.values, values);
  });

  it('leaves nothing but its result', async () => {
    await loadTfjs('wasm');
    const gradients = tf.tidy(() => {
      const [x, w] = [tf.ones<tf.Rank.R4>([1, 4, 4, 2]), tf.ones<tf.Rank.R4>([2, 2, 2, 3])];
      const before = tf.memory().numTensors;
      const results = tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'valid'))([x, w]);
      expect(tf.memory().numTensors).toBe(before + results.length);
      return results;
    });
    tf.dispose(gradients);
  });
});
