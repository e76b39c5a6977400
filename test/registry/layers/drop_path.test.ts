import { describe, expect, it } from 'vitest';
import { dropPath } from '../../../src/registry/layers/drop_path.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

const options = (rate: number) => ({ type: 'drop_path', name: null, rate }) as const;

it('plan: one draw for each image, none where nothing is dropped', () => {
  const mask = (rate: number) => dropPath.plan(options(rate), [3, 4, 5], { numClasses: 10 }).mask;
  expect(mask(0.25)).toEqual({ shape: [], keepProbability: 0.75 });
  expect(mask(0)).toBeNull();
});

describe.each(allRunners)('on %s', (_name, run) => {
  it.each([[[3, 2, 2, 3]], [[3, 4]]])('%j: whole images, those that are kept scaled up', async (shape) => {
    const random = new TestRandom(33);
    const [x, dy] = [random.tensor(shape), random.tensor(shape)];
    const mask = { shape: [3], values: [1, 0, 1] };
    const { y, gradients } = await runLayer(run, options(0.2), { x, mask, dy });
    const image = x.values.length / 3;
    const dropped = ({ values }: typeof x) =>
      Array.from(values, (v, i) => (v * mask.values[Math.floor(i / image)]!) / 0.8);
    expectAllClose(y.values, dropped(x));
    expectAllClose(gradients.x!.values, dropped(dy));
  });

  it('does nothing without a mask', async () => {
    const x = new TestRandom(34).tensor([2, 3]);
    const { y } = await runLayer(run, options(0.5), { x });
    expect(Array.from(y.values)).toEqual(Array.from(x.values));
  });
});
