import { expect, it } from 'vitest';
import { planFromResolved } from '../../../src/config/load_plan.js';
import { optimizerEntry, optimizers } from '../../../src/registry/optimizers/index.js';
import { minimalConfig } from '../../config/minimal_config.js';

it.each([
  ['sgd', { learning_rate: 0.001, momentum: 0, nesterov: false, weight_decay: 0 }],
  ['adam', { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0 }],
  ['adamw', { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }],
  [
    'nadam',
    {
      learning_rate: 0.002,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      momentum_decay: 0.004,
      weight_decay: 0,
    },
  ],
  [
    'rmsprop',
    { learning_rate: 0.01, variant: 'torch', alpha: 0.99, epsilon: 1e-8, momentum: 0, weight_decay: 0 },
  ],
  ['adagrad', { learning_rate: 0.01, lr_decay: 0, initial_accumulator: 0, epsilon: 1e-10, weight_decay: 0 }],
  // Those of its article.
  ['lion', { learning_rate: 1e-4, beta1: 0.9, beta2: 0.99, weight_decay: 0 }],
  // timm's and Keller Jordan's own.
  ['lamb', { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-6, weight_decay: 0.01 }],
  [
    'muon',
    {
      learning_rate: 0.02,
      momentum: 0.95,
      nesterov: true,
      ns_steps: 5,
      adamw_learning_rate: 3e-4,
      beta1: 0.9,
      beta2: 0.95,
      epsilon: 1e-10,
      weight_decay: 0,
    },
  ],
])('the defaults of %s are those of torch.optim', (type, defaults) => {
  const { config } = planFromResolved(minimalConfig({ optimizer: { type } }), 'test');
  expect(config.optimizer).toEqual({ type, ...defaults });
});

it('every optimizer is found by its name', () => {
  for (const [type, entry] of Object.entries(optimizers))
    expect(optimizerEntry(type as keyof typeof optimizers)).toBe(entry);
});
