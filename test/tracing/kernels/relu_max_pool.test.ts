import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { customOperations } from '../../../src/tracing/kernels/index.js';
import { CHANNELS_FIRST } from '../../../src/tracing/value.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { TestRandom } from '../../helpers/random.js';
import { type Input, runners, type TensorFunction, traceFunction } from '../../helpers/runners.js';

const random = new TestRandom(12);

const pool = (x: tf.Tensor) =>
  tf.maxPool(x as tf.Tensor4D, 3, 2, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
const gradient = (f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, dy: tf.Tensor) => tf.grads(f)([x], dy)[0]!;

/** Few values, half of them below 0: windows without a positive one, and with several maxima. */
const map = (): Input => ({ ...random.integers([2, 6, 5, 3], -3, 2), order: CHANNELS_FIRST });
const dy = (): Input => ({ ...random.integers([2, 3, 3, 3], -8, 8), order: CHANNELS_FIRST });

/** Expects of both lowerings what TensorFlow.js computes, and returns `positive` of each custom operation. */
async function run(f: TensorFunction, inputs: readonly Input[]): Promise<unknown[]> {
  const expected = await runners.cpu(f, inputs);
  for (const runner of [runners.traced, runners.custom]) {
    const actual = await runner(f, inputs);
    for (const [index, { shape, values }] of expected.entries()) {
      expect(actual[index]!.shape).toEqual(shape);
      expectAllClose(actual[index]!.values, values);
    }
  }
  const { nodes } = (await traceFunction(f, inputs, customOperations)).graph.finish();
  return nodes.filter(({ custom }) => custom).map(({ attributes }) => attributes.positive);
}

describe('the gradient of max-pooling and of the ReLU before it', () => {
  it('is one operation', async () => {
    const f: TensorFunction = ([x, d]) => gradient((v) => pool(tf.relu(v)), x!, d!);
    expect(await run(f, [map(), dy()])).toEqual([1]);
    const { graph } = await traceFunction(f, [map(), dy()], customOperations);
    const ops = graph.finish().nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'Mul' || op === 'Cast')).toEqual([]);
  });

  it('is one operation for each pair of two', async () => {
    const f: TensorFunction = ([x, y, d]) =>
      tf.grads((v, w) => tf.add(pool(tf.relu(v!)), pool(tf.relu(w!))))([x!, y!], d!);
    expect(await run(f, [map(), map(), dy()])).toEqual([1, 1]);
  });

  it('is right where the map is stored in another order', async () => {
    const x = { ...map(), order: [0, 1, 2, 3] };
    expect(await run(([v, d]) => gradient((w) => pool(tf.relu(w)), v!, d!), [x, dy()])).toEqual([0]);
  });
});

describe('no ReLU is taken into the gradient of max-pooling', () => {
  it.each<[string, (x: tf.Tensor) => tf.Tensor]>([
    ['where something is between the two', (x) => pool(tf.mul(tf.relu(x), tf.scalar(-2)))],
    ['where there is none', pool],
    ['where its map is computed twice', (x) => tf.add(pool(tf.relu(x)), tf.mean(tf.relu(x)))],
    ['that follows the pooling', (x) => tf.relu(pool(x))],
  ])('%s', async (_case, f) => {
    expect(await run(([x, d]) => gradient(f, x!, d!), [map(), dy()])).toEqual([0]);
  });

  it('where two layers read its output', async () => {
    const sumOfTwo = (x: tf.Tensor) => {
      const y = tf.relu(x);
      return tf.add(pool(y), tf.mean(y, [1, 2], true));
    };
    expect(await run(([x, d]) => gradient(sumOfTwo, x!, d!), [map(), dy()])).toEqual([0]);
  });

  it('where the pooling is that of another map', async () => {
    const f: TensorFunction = ([x, z, d]) => [tf.relu(x!), tf.mul(gradient(pool, z!, d!), tf.step(x!))];
    expect(await run(f, [map(), map(), dy()])).toEqual([0]);
  });

  it('where its gradient is multiplied by something else', async () => {
    const f: TensorFunction = ([x, z, d]) => tf.mul(gradient(pool, tf.relu(x!), d!), z!);
    expect(await run(f, [map(), map(), dy()])).toEqual([0]);
  });

  it('where the mask is that of the map with its axes swapped', async () => {
    const x = random.integers([3, 3, 3, 3], -3, 2);
    const d = random.integers([3, 2, 2, 3], -8, 8);
    const f: TensorFunction = ([v, g]) =>
      tf.mul(gradient(pool, tf.transpose(tf.relu(v!), [0, 2, 3, 1]), g!), tf.step(v!));
    expect(await run(f, [x, d])).toEqual([0]);
  });
});
