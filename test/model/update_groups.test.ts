import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { drawMasks } from '../../src/model/masks.js';
import { initialState } from '../../src/model/state.js';
import { updateGroups, updateScalars } from '../../src/model/update_groups.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, randomBatch } from '../helpers/programs.js';
import { smallPlan } from '../helpers/small_plan.js';

const groups = [
  { match: ['conv1.*'], frozen: true },
  { match: ['norm', 'bias'], weight_decay: 0 },
  { match: ['fc.*'], learning_rate_factor: 10, weight_decay: 0.3 },
];

const planWith = (optimizer: object, parameter_groups: readonly object[] = groups): Plan =>
  smallPlan({
    layers: [
      { type: 'conv', name: 'conv1', filters: 4, kernel: 3 },
      { type: 'batch_norm', name: 'bn1' },
      { type: 'conv', name: 'conv2', filters: 5, kernel: 2 },
      { type: 'global_avg_pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    optimizer,
    parameter_groups,
  });

const sgd = { type: 'sgd', learning_rate: 0.1, weight_decay: 0.05 };
const adamw = { type: 'adamw', learning_rate: 0.1, weight_decay: 0.05 };

describe('updateGroups', () => {
  it('is one group of all parameters where nothing says otherwise', () => {
    const plan = planWith(sgd, []);
    expect(updateGroups(plan)).toEqual([
      {
        parameters: [...initialState(plan).parameters.keys()],
        optimizer: plan.config.optimizer,
        learningRateFactor: 1,
      },
    ]);
  });

  it('puts together what is updated alike; the first group that matches counts, frozen ones are left out', () => {
    const plan = planWith(sgd);
    const found = updateGroups(plan).map(({ parameters, optimizer, learningRateFactor }) => [
      parameters,
      optimizer.weight_decay,
      learningRateFactor,
    ]);
    expect(found).toEqual([
      [['bn1.weight', 'bn1.bias', 'conv2.bias', 'fc.bias'], 0, 1],
      [['conv2.weight'], 0.05, 1],
      [['fc.weight'], 0.3, 10],
    ]);
  });

  it('multiplies the learning rate of the step', () => {
    const rates = updateScalars(updateGroups(planWith(sgd)), { learningRate: 0.5, step: 3 });
    expect(rates.map(({ learning_rate, weight_decay }) => [learning_rate, weight_decay])).toEqual([
      [0.5, 0],
      [0.5, 0.05],
      [5, 0.3],
    ]);
  });
});

/** What each parameter is multiplied with and decays by, apart from the code: lr factor, weight decay. */
const TREATED: Record<string, readonly [number, number]> = {
  'bn1.weight': [1, 0],
  'bn1.bias': [1, 0],
  'conv2.weight': [1, 0.05],
  'conv2.bias': [1, 0],
  'fc.weight': [10, 0.3],
  'fc.bias': [1, 0],
};

describe.each(allPrograms)('a program on %s', (_, open) => {
  it.each([
    // p − lr · (g + λp)
    ['sgd', sgd, (p: number, g: number, lr: number, decay: number) => p - lr * (g + decay * p)],
    // (1 − lr · λ)p, then the first step of Adam: lr in the direction of the gradient
    [
      'adamw',
      adamw,
      (p: number, g: number, lr: number, decay: number) =>
        (1 - lr * decay) * p - (lr * g) / (Math.abs(g) + 1e-8),
    ],
  ])('updates each group by its own numbers: %s', async (_name, optimizer, rule) => {
    const plan = planWith(optimizer);
    const before = initialState(plan);
    const program = await open(plan, initialState(plan));
    await program.backward(randomBatch(plan, 3, 1), drawMasks(plan, 0, 0, 3));
    const gradients = new Map(
      [...(await program.gradients())].map(([name, { data }]) => [name, Array.from(data)]),
    );
    await program.update({ step: 1, learningRate: 0.02 });
    const { parameters, slots } = await program.state();
    expect([...gradients.keys()]).toEqual(Object.keys(TREATED));
    for (const tensors of slots.values()) expect([...tensors.keys()]).toEqual(Object.keys(TREATED));
    for (const [name, { data }] of parameters) {
      const start = before.parameters.get(name)!.data;
      const treated = TREATED[name];
      if (treated) {
        const [factor, decay] = treated;
        const expected = Array.from(start, (p, i) => rule(p, gradients.get(name)![i]!, 0.02 * factor, decay));
        expectAllClose(data, expected, { absolute: 1e-6 });
      } else expect(Array.from(data), name).toEqual(Array.from(start));
    }
    program.dispose();
  });
});
