import { describe, expect, it } from 'vitest';
import { uniformParameter } from '../../../src/registry/layers/layer.js';
import { linear } from '../../../src/registry/layers/linear.js';
import { expectAllClose } from '../../helpers/all_close.js';
import type { Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

type Options = Parameters<typeof linear.plan>[0];

const options = (changes: Partial<Options> = {}): Options => ({
  type: 'linear',
  name: 'fc',
  units: 3,
  bias: true,
  activation: 'none',
  init: { type: 'default', bias: null },
  ...changes,
});

describe('plan', () => {
  it('units of its own, or one for each class', () => {
    expect(linear.plan(options({ units: 1024 }), [18432], { numClasses: 10 })).toEqual({
      output: [1024],
      tensors: [
        uniformParameter('weight', [1024, 18432], 1 / Math.sqrt(18432)),
        uniformParameter('bias', [1024], 1 / Math.sqrt(18432)),
      ],
      macs: 1024 * 18432,
      mask: null,
    });
    expect(linear.plan(options({ units: 'num_classes', bias: false }), [4], { numClasses: 10 })).toEqual({
      output: [10],
      tensors: [uniformParameter('weight', [10, 4], 0.5)],
      macs: 40,
      mask: null,
    });
  });
});

/** x · weightᵀ + bias */
function reference(x: Plain, weight: Plain, bias: Plain | undefined): number[] {
  const features = x.shape[1]!;
  const units = weight.shape[0]!;
  return Array.from({ length: x.shape[0]! * units }, (_, index) => {
    const [row, unit] = [Math.floor(index / units), index % units];
    let sum = bias ? bias.values[unit]! : 0;
    for (let k = 0; k < features; k++)
      sum += x.values[row * features + k]! * weight.values[unit * features + k]!;
    return sum;
  });
}

describe.each(allRunners)('on %s', (_name, run) => {
  it.each<[string, Partial<Options>]>([
    ['with bias', {}],
    ['without bias', { bias: false }],
    ['with ReLU', { activation: 'relu' }],
  ])('%s', async (_case, changes) => {
    const random = new TestRandom(28);
    const layer = options(changes);
    const x = random.tensor([5, 4]);
    const weight = random.tensor([3, 4]);
    const bias = layer.bias ? random.tensor([3]) : undefined;
    const { y } = await runLayer(run, layer, { x, parameters: { weight, ...(bias && { bias }) } });
    const sums = reference(x, weight, bias);
    expect(y.shape).toEqual([5, 3]);
    expectAllClose(y.values, layer.activation === 'relu' ? sums.map((sum) => Math.max(sum, 0)) : sums);
  });
});
