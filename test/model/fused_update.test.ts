import { describe, expect, it } from 'vitest';
import { fuseUpdate } from '../../src/model/fused_update.js';
import { optimizerEntry } from '../../src/registry/optimizers/index.js';

const sgd = { type: 'sgd', learning_rate: 0.1, momentum: 0.5, nesterov: false, weight_decay: 0 } as const;
const adam = {
  type: 'adam',
  learning_rate: 0.1,
  beta1: 0.5,
  beta2: 0.75,
  epsilon: 1e-8,
  weight_decay: 0,
} as const;

describe('fuseUpdate', () => {
  it('changes the parameter and its slots in place, every element, and nothing else', () => {
    const update = fuseUpdate(sgd);
    const parameter = Float32Array.of(1, 2, 3);
    const gradient = Float32Array.of(4, -8, 0);
    const buffer = Float32Array.of(2, 0, 1);
    update(parameter, gradient, [buffer], optimizerEntry('sgd').scalars(sgd, 0.25, 1));
    expect(Array.from(buffer)).toEqual([5, -8, 0.5]);
    expect(Array.from(parameter)).toEqual([-0.25, 4, 2.875]);
    expect(Array.from(gradient)).toEqual([4, -8, 0]);
  });

  it('takes the slots in the order that the optimizer names them', () => {
    const update = fuseUpdate(adam);
    const [parameter, mean, square] = [Float32Array.of(1), Float32Array.of(0), Float32Array.of(0)];
    update(parameter, Float32Array.of(4), [mean, square], optimizerEntry('adam').scalars(adam, 0.25, 1));
    expect([mean[0], square[0]]).toEqual([2, 4]);
    // The first step is the learning rate in the direction of the gradient.
    expect(parameter[0]).toBeCloseTo(0.75, 6);
  });

  it('works without slots, and on nothing', () => {
    const plain = { ...sgd, momentum: 0 };
    const parameter = Float32Array.of(1);
    fuseUpdate(plain)(parameter, Float32Array.of(2), [], optimizerEntry('sgd').scalars(plain, 0.25, 1));
    expect(parameter[0]).toBe(0.5);
    const empty = new Float32Array(0);
    fuseUpdate(sgd)(empty, empty, [empty], optimizerEntry('sgd').scalars(sgd, 1, 1));
  });

  it('takes options and scalars as they are at each step', () => {
    const update = fuseUpdate(sgd);
    const [parameter, buffer] = [Float32Array.of(0), Float32Array.of(0)];
    for (const [index, rate] of [1, 0.5].entries())
      update(parameter, Float32Array.of(1), [buffer], optimizerEntry('sgd').scalars(sgd, rate, index + 1));
    expect([parameter[0], buffer[0]]).toEqual([-1.75, 1.5]);
  });
});
