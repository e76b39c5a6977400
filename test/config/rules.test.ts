import { describe, expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import { ConfigError } from '../../src/config/problem.js';
import { brokenRules } from '../../src/config/rules.js';
import { minimalConfig } from './minimal_config.js';

/** `path: expected …, got …` of every broken rule. */
function broken(changes: Record<string, unknown>): string[] {
  try {
    planFromResolved(minimalConfig(changes), 'test');
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, expected, actual }) => `${path}: expected ${expected}, got ${actual}`);
  }
}

const shapes = (limit: object) => ({ dataset: { type: 'shapes', limit } });
const training = (epochs: number, batch_size: number) => ({ training: { epochs, batch_size } });
const pool = { type: 'global_avg_pool', name: 'pool' };
const fc = { type: 'linear', name: 'fc', units: 'num_classes' };

describe('rules between keys', () => {
  it.each([
    [
      'limits',
      shapes({ train: 6001, test: 1001 }),
      [
        'dataset.limit.train: expected at most 6000, the train images of shapes, got 6001',
        'dataset.limit.test: expected at most 1000, the test images of shapes, got 1001',
      ],
    ],
    [
      'batch',
      training(1, 6001),
      ['training.batch_size: expected at most 6000, the number of training images, got 6001'],
    ],
    [
      'batch and limit',
      { ...shapes({ train: 31 }), ...training(1, 32) },
      ['training.batch_size: expected at most 31, the number of training images, got 32'],
    ],
    [
      'nesterov',
      { optimizer: { type: 'sgd', nesterov: true } },
      ['optimizer.nesterov: expected false, or a momentum above 0, got true with momentum 0'],
    ],
    [
      'warm-up',
      { schedule: { type: 'cosine', warmup_epochs: 2.5 } },
      ['schedule.warmup_epochs: expected at most 2, the epochs of the training, got 2.5'],
    ],
    [
      'parameters',
      { model: { layers: [pool, { ...fc, name: 'big', units: 1e9 }, fc] } },
      [
        'model.layers: expected at most 536870911 parameters, got 12000000008',
        'model.layers.1: expected an output of at most 536870911 numbers an image, got 1000000000',
      ],
    ],
    [
      'outputs',
      { model: { layers: [{ type: 'conv', name: 'c', filters: 1, kernel: 1, padding: 1e300 }, pool, fc] } },
      ['model.layers.0: expected an output of at most 536870911 numbers an image, got 1 × 2e+300 × 2e+300'],
    ],
  ])('%s', (_name, changes, problems) => expect(broken(changes)).toEqual(problems));

  it.each([
    ['whole data set', { ...shapes({ train: 6000, test: 1000 }), ...training(1, 6000) }],
    ['nesterov with momentum', { optimizer: { type: 'sgd', nesterov: true, momentum: 0.1 } }],
    ['warm-up of the whole run', { schedule: { type: 'cosine', warmup_epochs: 2 } }],
  ])('accepts: %s', (_name, changes) => expect(broken(changes)).toEqual([]));

  it('normalizes as many channels as there are', () => {
    const { config, dataset, network } = planFromResolved(minimalConfig(), 'test');
    const grey = { ...dataset, available: dataset.count, image: { channels: 1, height: 32, width: 32 } };
    expect(brokenRules({ config, network, dataset: grey })).toEqual([
      { path: ['input', 'normalize', 'mean'], expected: '1 numbers, one a channel', actual: '3' },
      { path: ['input', 'normalize', 'std'], expected: '1 numbers, one a channel', actual: '3' },
    ]);
  });
});
