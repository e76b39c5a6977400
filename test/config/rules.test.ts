import { describe, expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import { ConfigError } from '../../src/config/problem.js';
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

const shapes = (limit: object) => ({ dataset: { type: 'shapes', limit, validation: 'test' } });
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
      training(1, 5401),
      ['training.batch_size: expected at most 5400, the number of training images, got 5401'],
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

  it.each([
    ['colour', 3, [[0.5], [0.5, 0.4, 0.3]], [0.5, 0.4], '3 numbers, one a channel, or 1 for all'],
    ['grey', 1, [[0.5]], [0.5, 0.4, 0.3], '1 number, as images have 1 channel'],
  ])('normalizes all channels alike or each: %s', (_name, channels, right, wrong, expected) => {
    const dataset = { type: 'shapes', channels };
    for (const mean of right) expect(broken({ dataset, input: { normalize: { mean } } })).toEqual([]);
    expect(broken({ dataset, input: { normalize: { mean: wrong, std: wrong } } })).toEqual(
      ['mean', 'std'].map((key) => `input.normalize.${key}: expected ${expected}, got ${wrong.length}`),
    );
  });

  it('leaves an image to each part of the training images', () => {
    const split = (train: number, validation?: number | 'test') =>
      broken({
        dataset: { type: 'shapes', limit: { train }, ...(validation && { validation }) },
        ...training(2, 1),
      });
    expect(split(1)).toEqual([
      'dataset.validation: expected test, or at least 2 training images to set some apart, got 0.1 of 1',
    ]);
    expect([split(2), split(2, 0.99), split(1, 'test')]).toEqual([[], [], []]);
  });
});
