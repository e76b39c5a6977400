import { describe, expect, it } from 'vitest';
import { dropout } from '../../../src/registry/layers/dropout.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

const options = (rate: number, channels = false) => ({ type: 'dropout', name: 'd', rate, channels }) as const;

it('plan: shape of the input, kept with probability 1 − rate', () => {
  expect(dropout.plan(options(0.25), [3, 4, 5], { numClasses: 10 })).toEqual({
    output: [3, 4, 5],
    tensors: [],
    macs: 0,
    mask: { shape: [3, 4, 5], keepProbability: 0.75 },
  });
});

it('plan: one draw for each channel', () => {
  const mask = (shape: Shape) => dropout.plan(options(0.25, true), shape, { numClasses: 10 }).mask;
  expect(mask([3, 4, 5])).toEqual({ shape: [3, 1, 1], keepProbability: 0.75 });
  expect(mask([3])).toEqual({ shape: [3], keepProbability: 0.75 });
});

describe.each(allRunners)('on %s', (_name, run) => {
  it.each([
    ['a feature map', [2, 3, 4, 5], 0.25],
    ['flat features', [4, 6], 0.5],
    ['nothing', [4, 6], 0],
  ])('%s: what the mask keeps is scaled up', async (_case, shape, rate) => {
    const random = new TestRandom(29);
    const x = random.tensor(shape);
    const dy = random.tensor(shape);
    // The mask is in PyTorch's layout, like everything that is stored or drawn.
    const mask = random.integers(shape, rate === 0 ? 1 : 0, 1);
    const { y, gradients } = await runLayer(run, options(rate), { x, mask, dy });
    const dropped = ({ values }: typeof x) =>
      Array.from(values, (v, i) => (v * mask.values[i]!) / (1 - rate));
    expectAllClose(y.values, dropped(x));
    expectAllClose(gradients.x!.values, dropped(dy));
  });

  it('drops whole channels', async () => {
    const random = new TestRandom(31);
    const [x, dy] = [random.tensor([2, 3, 2, 2]), random.tensor([2, 3, 2, 2])];
    const mask = { shape: [2, 3, 1, 1], values: [1, 0, 1, 0, 0, 1] };
    const { y, gradients } = await runLayer(run, options(0.25, true), { x, mask, dy });
    const dropped = ({ values }: typeof x) =>
      Array.from(values, (v, i) => (v * mask.values[Math.floor(i / 4)]!) / 0.75);
    expectAllClose(y.values, dropped(x));
    expectAllClose(gradients.x!.values, dropped(dy));
  });

  it('does nothing without a mask', async () => {
    const x = new TestRandom(30).tensor([2, 3]);
    const { y } = await runLayer(run, options(0.5), { x });
    expect(Array.from(y.values)).toEqual(Array.from(x.values));
  });
});
