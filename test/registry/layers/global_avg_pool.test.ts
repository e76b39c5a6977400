import { describe, expect, it } from 'vitest';
import { globalAvgPool } from '../../../src/registry/layers/global_avg_pool.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { avgPool, avgPoolGradient } from '../../helpers/naive.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

const options = { type: 'global_avg_pool', name: 'p' } as const;

it('plan: one feature for each channel', () => {
  const sizes = { numClasses: 10 };
  expect(globalAvgPool.plan(options, [7, 4, 5], sizes)).toEqual({
    output: [7],
    tensors: [],
    macs: 0,
    mask: null,
  });
  expect(() => globalAvgPool.plan(options, [7], sizes)).toThrow('got 7 flat features');
});

describe.each(allRunners)('on %s', (_name, run) => {
  it.each([[[2, 3, 4, 5]], [[1, 2, 1, 1]]])('the mean of %j over height and width', async (shape) => {
    const random = new TestRandom(31);
    const x = random.tensor(shape);
    const [batch, channels, height, width] = shape as [number, number, number, number];
    const dy = random.tensor([batch, channels]);
    const window = { kernel: [height, width], stride: [1, 1], padding: [0, 0] } as const;
    const { y, gradients } = await runLayer(run, options, { x, dy });
    expect(y.shape).toEqual([batch, channels]);
    expectAllClose(y.values, avgPool(x, window).values);
    const expected = avgPoolGradient(x, { ...dy, shape: [batch, channels, 1, 1] }, window);
    expectAllClose(gradients.x!.values, expected.values);
  });
});
