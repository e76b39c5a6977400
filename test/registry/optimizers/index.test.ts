import { expect, it } from 'vitest';
import { planFromResolved } from '../../../src/config/load_plan.js';
import { optimizerEntry, optimizers } from '../../../src/registry/optimizers/index.js';
import { minimalConfig } from '../../config/minimal_config.js';

it.each([
  ['sgd', { learning_rate: 0.001, momentum: 0, nesterov: false, weight_decay: 0 }],
  ['adam', { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0 }],
  ['adamw', { learning_rate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }],
])('the defaults of %s are those of torch.optim', (type, defaults) => {
  const { config } = planFromResolved(minimalConfig({ optimizer: { type } }), 'test');
  expect(config.optimizer).toEqual({ type, ...defaults });
});

it('every optimizer is found by its name', () => {
  for (const [type, entry] of Object.entries(optimizers))
    expect(optimizerEntry(type as keyof typeof optimizers)).toBe(entry);
});
