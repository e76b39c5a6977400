import { describe, expect, it } from 'vitest';
import { relu } from '../../../src/registry/layers/relu.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

const options = { type: 'relu', name: 'r' } as const;

it('plan: shape of the input', () => {
  expect(relu.plan(options, [7], { numClasses: 10 })).toEqual({
    output: [7],
    tensors: [],
    macs: 0,
    mask: null,
  });
});

describe.each(allRunners)('on %s', (_name, run) => {
  it('max(x, 0); its gradient at 0 is 0, as PyTorch’s', async () => {
    const x = { shape: [2, 3], values: [-2, 0, 1.5, 1e-30, -1e-30, 3] };
    const dy = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };
    const { y, gradients } = await runLayer(run, options, { x, dy });
    expect(Array.from(y.values)).toEqual([0, 0, 1.5, Math.fround(1e-30), 0, 3]);
    expect(Array.from(gradients.x!.values)).toEqual([0, 0, 3, 4, 0, 6]);
  });
});
