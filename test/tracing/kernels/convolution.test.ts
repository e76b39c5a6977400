import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CHANNELS_FIRST, FILTER } from '../../../src/tracing/value.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolution, convolutionGradients, outputSize, type Window } from '../../helpers/naive.js';
import { toChannelsFirst, toPyTorchFilter } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runners } from '../../helpers/runners.js';
import { traceAndRun } from '../../helpers/trace_and_run.js';

interface Case {
  /** [batch, height, width, channels]. */
  readonly input: readonly [number, number, number, number];
  readonly filters: number;
  readonly window: Window;
}

const oneCase = (
  input: Case['input'],
  filters: number,
  kernel: Window['kernel'],
  stride: Window['stride'],
  padding: Window['padding'],
): Case => ({ input, filters, window: { kernel, stride, padding } });

/** Both ways to the filter's gradient are taken: below and from 8 channels. */
const special: [string, Case][] = [7, 8, 9].flatMap((channels): [string, Case][] => [
  ['1×1', oneCase([2, 3, 4, channels], 5, [1, 1], [1, 1], [0, 0])],
  ['1×1, stride 2', oneCase([2, 4, 5, channels], 3, [1, 1], [2, 2], [0, 0])],
  ['1×1, padded', oneCase([1, 3, 4, channels], 2, [1, 1], [1, 1], [1, 2])],
  ['3×3 "same"', oneCase([2, 5, 4, channels], 3, [3, 3], [1, 1], [1, 1])],
  ['stride 2, a row and a column left over', oneCase([1, 6, 8, channels], 2, [3, 3], [2, 2], [0, 0])],
  ['stride larger than the kernel', oneCase([2, 9, 8, channels], 2, [2, 1], [4, 3], [0, 0])],
  ['padding larger than the kernel', oneCase([1, 3, 2, channels], 2, [2, 3], [1, 1], [3, 4])],
  ['padding larger than the kernel, stride 2', oneCase([1, 3, 4, channels], 2, [2, 2], [2, 3], [2, 3])],
  ['the kernel covers the input', oneCase([2, 4, 3, channels], 3, [4, 3], [1, 1], [0, 0])],
  ['one row, one column', oneCase([2, 1, 6, channels], 2, [1, 4], [1, 2], [0, 1])],
]);

const random = new TestRandom(6);

function randomCase(): Case {
  const kernel = [random.integer(1, 4), random.integer(1, 4)] as const;
  const padding = [random.integer(0, kernel[0] + 1), random.integer(0, kernel[1] + 1)] as const;
  const size = (axis: 0 | 1) => Math.max(1, kernel[axis] - 2 * padding[axis]) + random.integer(0, 5);
  return oneCase(
    [random.integer(1, 3), size(0), size(1), random.integer(1, 9)],
    random.integer(1, 4),
    kernel,
    [random.integer(1, 3), random.integer(1, 3)],
    padding,
  );
}

const cases: [string, Case][] = [
  ...special,
  ...Array.from({ length: 40 }, (): [string, Case] => ['random', randomCase()]),
];

describe.each([false, true])('convolution, inputs stored as the model stores them: %j', (asStored) => {
  it.each(cases.map(([name, { input, filters, window }]) => ({ name, input, filters, ...window })))(
    '$name: input $input, $filters filters $kernel, stride $stride, padding $padding',
    async ({ input, filters, ...window }) => {
      const { kernel, stride, padding } = window;
      const outSize = [outputSize(input[1], 0, window), outputSize(input[2], 1, window)] as const;
      const x = random.tensor(input);
      const w = random.tensor([...kernel, input[3], filters]);
      const bias = random.tensor([filters]);
      const dy = random.tensor([input[0], ...outSize, filters]);
      const pad: [[0, 0], [number, number], [number, number], [0, 0]] = [
        [0, 0],
        [padding[0], padding[0]],
        [padding[1], padding[1]],
        [0, 0],
      ];
      const strides: [number, number] = [...stride];
      const plain = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad);
      const fused = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
        tf.fused.conv2d({ x: a as tf.Tensor4D, filter: b as tf.Tensor4D, bias: c, strides, pad });
      const results = await runners.traced(
        ([a, b, c, d]) => [
          plain(a!, b!),
          fused(a!, b!, c!),
          ...tf.grads((p, q) => plain(p!, q!))([a!, b!], d!),
          ...tf.grads((p, q, r) => fused(p!, q!, r!))([a!, b!, c!], d!),
        ],
        asStored
          ? [{ ...x, order: CHANNELS_FIRST }, { ...w, order: FILTER }, bias, { ...dy, order: CHANNELS_FIRST }]
          : [x, w, bias, dy],
      );
      const reference = [toChannelsFirst(x), toPyTorchFilter(w)] as const;
      const gradients = convolutionGradients(...reference, toChannelsFirst(dy), window);
      const expected = [
        convolution(...reference, null, window),
        convolution(...reference, bias, window),
        gradients.input,
        gradients.filter,
        gradients.input,
        gradients.filter,
        gradients.bias,
      ];
      for (const [index, result] of results.entries()) {
        const { shape } = result;
        const isFilter = index === 3 || index === 5;
        const actual =
          shape.length === 1 ? result : isFilter ? toPyTorchFilter(result) : toChannelsFirst(result);
        expect(actual.shape).toEqual(expected[index]!.shape);
        expectAllClose(actual.values, expected[index]!.values);
      }
    },
  );
});

describe('padding by name', () => {
  it.each([
    ['same', 1],
    ['same', 2],
    ['valid', 2],
  ] as const)('%s, stride %d', async (pad, stride) => {
    const inputs = [random.tensor([2, 6, 5, 3]), random.tensor([3, 2, 3, 2])];
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
    await traceAndRun(
      ([a, b]) => [convolve(a!, b!), ...tf.grads((p, q) => tf.square(convolve(p!, q!)))([a!, b!])],
      inputs,
    );
  });
});

describe('what ONNX is not asked for', () => {
  const inputs = [random.tensor([1, 6, 6, 1]), random.tensor([2, 2, 1, 1])];

  it('dilation', async () => {
    const dilated = runners.traced(
      ([a, b]) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'valid', 'NHWC', 2),
      inputs,
    );
    await expect(dilated).rejects.toThrow('Conv2D with dilation has no translation to ONNX');
  });

  it('fused activations', async () => {
    const withRelu = runners.traced(
      ([a, b]) =>
        tf.fused.conv2d({
          x: a as tf.Tensor4D,
          filter: b as tf.Tensor4D,
          strides: 1,
          pad: 0,
          activation: 'relu',
        }),
      inputs,
    );
    await expect(withRelu).rejects.toThrow('FusedConv2D with activation relu has no translation to ONNX');
  });
});
