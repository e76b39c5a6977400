import { expect, it } from 'vitest';
import { compareConfigs, type Difference, decidesResult } from '../../src/config/compare.js';
import { planFromResolved } from '../../src/config/load_plan.js';
import { minimalConfig } from './minimal_config.js';

const config = (changes: Record<string, unknown> = {}) =>
  planFromResolved(minimalConfig(changes), 'test').config;

it('finds nothing between equal configs', () => expect(compareConfigs(config(), config())).toEqual([]));

it.each<[string, Record<string, unknown>, Difference[]]>([
  [
    'a number',
    { training: { epochs: 3, batch_size: 32 } },
    [{ path: ['training', 'epochs'], before: 2, after: 3 }],
  ],
  ['a default that is written', { seed: 0 }, []],
  [
    'another type',
    { optimizer: { type: 'sgd', momentum: 0.5 } },
    [{ path: ['optimizer', 'momentum'], before: 0, after: 0.5 }],
  ],
  [
    'an item of a list',
    { input: { normalize: { mean: [0.5, 0.5, 0] } } },
    [{ path: ['input', 'normalize', 'mean', 2], before: 0.5, after: 0 }],
  ],
  [
    'a longer list',
    { augmentation: [{ type: 'random_flip' }] },
    [{ path: ['augmentation'], before: [], after: [{ type: 'random_flip', probability: 0.5 }] }],
  ],
  [
    'a key that one lacks',
    { schedule: { type: 'cosine' } },
    [
      { path: ['schedule', 'type'], before: 'constant', after: 'cosine' },
      { path: ['schedule', 'final_factor'], before: undefined, after: 0 },
    ],
  ],
])('finds %s', (_name, changes, differences) => {
  const found = compareConfigs(config(), config(changes));
  expect(found).toHaveLength(differences.length);
  expect(found).toEqual(expect.arrayContaining(differences));
});

it.each([
  ['backend', false],
  ['dataset.root', false],
  ['dataset.archive.url', false],
  ['dataset.archive.sha256', true],
  ['dataset.archive', true],
  ['checkpoint.every_steps', false],
  ['dataset.limit.train', true],
  ['seed', true],
  ['optimizer.learning_rate', true],
])('%s decides what comes out: %s', (path, expected) => {
  expect(decidesResult({ path: path.split('.'), before: 0, after: 1 })).toBe(expected);
});
