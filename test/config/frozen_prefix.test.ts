import { describe, expect, it } from 'vitest';
import { frozenPrefix } from '../../src/config/frozen_prefix.js';
import type { Plan } from '../../src/config/resolve.js';
import { type SmallPlan, smallPlan } from '../helpers/small_plan.js';

const LAYERS = {
  conv1: { type: 'conv', name: 'conv1', filters: 4, kernel: 3 },
  bn1: { type: 'batch_norm', name: 'bn1' },
  block: {
    type: 'residual',
    name: 'block',
    layers: [
      { type: 'conv', name: 'conv', filters: 4, kernel: 1, bias: false },
      { type: 'batch_norm', name: 'bn' },
    ],
  },
  drop: { type: 'dropout', name: 'drop', rate: 0.5 },
  pool: { type: 'global_avg_pool' },
  plain_bn: { type: 'batch_norm', name: 'plain_bn', affine: false },
  fc: { type: 'linear', name: 'fc', units: 'num_classes' },
} as const;

type Name = keyof typeof LAYERS;

const STACK: readonly Name[] = ['conv1', 'bn1', 'block', 'pool', 'fc'];

const planOf = (names: readonly Name[], frozen: readonly string[], changes: Partial<SmallPlan> = {}): Plan =>
  smallPlan({
    layers: names.map((name) => LAYERS[name]),
    parameter_groups: frozen.length > 0 ? [{ match: frozen, frozen: true }] : [],
    ...changes,
  });

const ALL = ['conv1.*', 'bn1.*', 'block.*'];

describe('frozenPrefix', () => {
  it.each<[string, readonly Name[], readonly string[], object]>([
    ['nothing is frozen', STACK, [], { frozen: 0, cached: 0, reason: null }],
    ['all but the last layer is frozen', STACK, ALL, { frozen: 3, cached: 4, reason: null }],
    ['the first layer is', STACK, ['conv1.*'], { frozen: 1, cached: 1, reason: null }],
    ['a part of a layer is', STACK, ['conv1.*', 'bn1.weight'], { frozen: 1, cached: 1, reason: null }],
    [
      'a part of what a layer holds is',
      STACK,
      ['conv1.*', 'bn1.*', 'block.conv.*'],
      { frozen: 2, cached: 2, reason: null },
    ],
    [
      'a layer below is trained',
      STACK,
      ['block.*'],
      { frozen: 0, cached: 0, reason: 'conv1, below what is frozen, is trained' },
    ],
    [
      'a mask is drawn between them',
      ['conv1', 'bn1', 'drop', 'block', 'pool', 'fc'],
      ALL,
      { frozen: 4, cached: 2, reason: 'drop (dropout) drops at random' },
    ],
    [
      'a mask is drawn behind them',
      ['conv1', 'bn1', 'block', 'pool', 'drop', 'fc'],
      ALL,
      { frozen: 3, cached: 4, reason: null },
    ],
    [
      'a mask is drawn before them',
      ['drop', 'conv1', 'pool', 'fc'],
      ['conv1.*'],
      { frozen: 2, cached: 0, reason: 'drop (dropout) drops at random' },
    ],
    [
      'statistics go on that nothing freezes',
      ['conv1', 'plain_bn', 'block', 'pool', 'fc'],
      ['conv1.*', 'block.*'],
      {
        frozen: 3,
        cached: 1,
        reason: 'plain_bn (batch_norm) has no parameters to freeze: its statistics go on',
      },
    ],
  ])('where %s', (_, names, frozen, expected) => {
    expect(frozenPrefix(planOf(names, frozen))).toEqual(expected);
  });

  it('ends below what a head reads, also inside a layer', () => {
    const headOn = (after: string) =>
      frozenPrefix(
        planOf(STACK, ALL, {
          auxiliary: [{ name: 'aux', after, weight: 1, layers: [LAYERS.pool, LAYERS.fc] }],
        }),
      );
    expect(headOn('bn1')).toEqual({ frozen: 3, cached: 1, reason: 'aux reads bn1' });
    expect(headOn('block.conv')).toEqual({ frozen: 3, cached: 2, reason: 'aux reads block.conv' });
  });

  it('is not cached where images change at random', () => {
    const plan = planOf(STACK, ALL);
    const augmentation: Plan['config']['augmentation'] = [{ type: 'random_flip', probability: 0.5 }];
    expect(frozenPrefix({ ...plan, config: { ...plan.config, augmentation } })).toEqual({
      frozen: 3,
      cached: 0,
      reason: 'augmentation: random_flip changes the images anew in each epoch',
    });
  });

  it('is not cached where it would take more than the limit', () => {
    const plan = planOf(STACK, ALL);
    // 4 float32 numbers an image.
    const withImages = (train: number) => {
      const count = { train, validation: 1, test: 1 };
      return frozenPrefix({ ...plan, dataset: { ...plan.dataset, count } });
    };
    const most = (4 * 2 ** 30) / 16;
    expect(withImages(most - 2)).toEqual({ frozen: 3, cached: 4, reason: null });
    expect(withImages(most - 1)).toEqual({
      frozen: 3,
      cached: 0,
      reason: 'they would take 4.0 GiB, and at most 4.0 GiB are kept',
    });
  });
});
