import { describe, expect, it } from 'vitest';
import { flatten } from '../../../src/registry/layers/flatten.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

const options = { type: 'flatten', name: 'f' } as const;

it.each([
  [[3, 4, 5] as const, [60]],
  [[7] as const, [7]],
])('plan of %j', (input, output) => {
  expect(flatten.plan(options, input, { numClasses: 10 })).toEqual({
    output,
    tensors: [],
    macs: 0,
    mask: null,
  });
});

describe.each(allRunners)('on %s', (_name, run) => {
  it('the order is channels, height, width, as PyTorch’s', async () => {
    const x = new TestRandom(26).tensor([2, 3, 4, 5]);
    const { y, gradients } = await runLayer(run, options, { x, dy: { ...x, shape: [2, 60] } });
    // What is [batch, channels, height, width] in memory stays as it is.
    expect(y).toEqual({ shape: [2, 60], values: y.values });
    expect(Array.from(y.values)).toEqual(Array.from(x.values));
    expect(Array.from(gradients.x!.values)).toEqual(Array.from(x.values));
  });

  it('flat features stay', async () => {
    const x = new TestRandom(27).tensor([2, 3]);
    const { y } = await runLayer(run, options, { x });
    expect(Array.from(y.values)).toEqual(Array.from(x.values));
  });
});
