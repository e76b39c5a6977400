import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { CHANNELS_FIRST } from '../../../src/tracing/value.js';
import { expectAllClose } from '../../helpers/all_close.js';
import {
  avgPool,
  avgPoolGradient,
  maxPool,
  maxPoolGradient,
  outputSize,
  type Window,
} from '../../helpers/naive.js';
import { toChannelsFirst } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runners } from '../../helpers/runners.js';

type Shape4D = readonly [number, number, number, number];
type Pad = [[0, 0], [number, number], [number, number], [0, 0]];

interface Case extends Window {
  readonly name: string;
  readonly input: Shape4D;
}

const random = new TestRandom(7);

function randomCase(padded: boolean): Case {
  const kernel = [random.integer(1, 4), random.integer(1, 4)] as const;
  // PyTorch takes no more than half of the window.
  const padding = kernel.map((size) => (padded ? random.integer(0, Math.floor(size / 2)) : 0));
  const size = (axis: 0 | 1) => Math.max(1, kernel[axis] - 2 * padding[axis]!) + random.integer(0, 6);
  return {
    name: 'random',
    input: [random.integer(1, 3), size(0), size(1), random.integer(1, 9)],
    kernel,
    stride: [random.integer(1, 4), random.integer(1, 4)],
    padding: padding as [number, number],
  };
}

const special: Case[] = [
  { name: 'as in the seed', input: [2, 7, 6, 3], kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { name: 'as in Inception', input: [2, 4, 5, 3], kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  { name: 'on one pixel', input: [1, 1, 1, 2], kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  { name: 'the identity', input: [1, 3, 2, 2], kernel: [1, 1], stride: [1, 1], padding: [0, 0] },
  {
    name: 'pixels that no window reaches',
    input: [2, 7, 8, 2],
    kernel: [2, 2],
    stride: [3, 4],
    padding: [0, 0],
  },
  { name: 'all of the input', input: [2, 4, 3, 2], kernel: [4, 3], stride: [1, 1], padding: [0, 0] },
  { name: 'a large plane', input: [1, 21, 20, 2], kernel: [3, 2], stride: [1, 1], padding: [0, 0] },
];

const dyOf = ({ input: [batch, height, width, channels], ...window }: Case) =>
  random.tensor([batch, outputSize(height, 0, window), outputSize(width, 1, window), channels]);

const padOf = ({ padding: [y, x] }: Window): Pad => [
  [0, 0],
  [y, y],
  [x, x],
  [0, 0],
];

const { traced, custom, device } = runners;

describe.each([
  { target: 'operators', run: traced, order: undefined },
  { target: 'operators', run: traced, order: CHANNELS_FIRST },
  { target: 'custom', run: custom, order: undefined },
  { target: 'custom', run: custom, order: CHANNELS_FIRST },
  { target: 'device', run: device, order: undefined },
  { target: 'device', run: device, order: CHANNELS_FIRST },
])('max pooling, target $target, of a map stored in order $order', ({ run, order }) => {
  const stored = order ? { order } : {};
  it.each([...special, ...Array.from({ length: 20 }, () => randomCase(true))])(
    '$name: input $input, window $kernel, stride $stride, padding $padding',
    async (poolingCase) => {
      const { input, kernel, stride } = poolingCase;
      const pool = (x: tf.Tensor) =>
        tf.maxPool(x as tf.Tensor4D, [...kernel], [...stride], padOf(poolingCase));
      const dy = dyOf(poolingCase);
      // Few different values: most windows hold their maximum more than once.
      for (const x of [random.tensor(input), random.integers(input, -2, 0)]) {
        const inputs = [
          { ...x, ...stored },
          { ...dy, ...stored },
        ];
        const [y, dx] = await run(([a, d]) => [pool(a!), ...tf.grads((v) => pool(v!))([a!], d!)], inputs);
        const reference = toChannelsFirst(x);
        const gradient = maxPoolGradient(reference, toChannelsFirst(dy), poolingCase);
        expectAllClose(toChannelsFirst(y!).values, maxPool(reference, poolingCase).values);
        expectAllClose(toChannelsFirst(dx!).values, gradient.values);
      }
    },
  );
});

describe.each([undefined, CHANNELS_FIRST])('average pooling of a map stored in order %j', (order) => {
  const stored = order ? { order } : {};
  const unpadded = special.filter(({ padding }) => padding[0] === 0);
  it.each([...unpadded, ...Array.from({ length: 20 }, () => randomCase(false))])(
    '$name: input $input, window $kernel, stride $stride',
    async (poolingCase) => {
      const { input, kernel, stride } = poolingCase;
      const pool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, [...kernel], [...stride], 'valid');
      const x = random.tensor(input);
      const dy = dyOf(poolingCase);
      const inputs = [
        { ...x, ...stored },
        { ...dy, ...stored },
      ];
      const [y, dx] = await runners.traced(
        ([a, d]) => [pool(a!), ...tf.grads((v) => pool(v!))([a!], d!)],
        inputs,
      );
      const reference = toChannelsFirst(x);
      expectAllClose(toChannelsFirst(y!).values, avgPool(reference, poolingCase).values);
      const gradient = avgPoolGradient(reference, toChannelsFirst(dy), poolingCase);
      expectAllClose(toChannelsFirst(dx!).values, gradient.values);
    },
  );

  it('leaves TensorFlow.js’ own padding out of the mean, and has no gradient for it', async () => {
    const x = { ...random.tensor([1, 3, 3, 1]), ...stored };
    const pool = (a: tf.Tensor) => tf.avgPool(a as tf.Tensor4D, 3, 2, 'same');
    const [expected] = await runners.cpu(([a]) => pool(a!), [x]);
    const [y] = await runners.traced(([a]) => pool(a!), [x]);
    expectAllClose(y!.values, expected!.values);
    const gradient = runners.traced(([a]) => tf.grads((v) => pool(v!))([a!]), [x]);
    await expect(gradient).rejects.toThrow('AvgPoolGrad with padding has no translation to ONNX');
  });
});
