import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPlan, planFromResolved } from '../../src/config/load_plan.js';
import { ConfigError } from '../../src/config/problem.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
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
      'augmentation',
      {
        dataset: { type: 'shapes', channels: 1 },
        input: { normalize: { mean: [0.5], std: [0.5] } },
        augmentation: [
          { type: 'random_flip' },
          { type: 'color_jitter', hue: 0.1 },
          { type: 'random_affine' },
          { type: 'random_grayscale' },
          { type: 'random_crop', padding: 40, padding_mode: 'reflect' },
          { type: 'gaussian_blur', kernel_size: 4 },
          { type: 'random_resized_crop', scale: [1, 0.5] },
          { type: 'rand_augment', magnitude: 31 },
          { type: 'random_erasing', value: 256 },
        ],
      },
      [
        'augmentation.1.hue: expected images of 3 channels, got 1, in which it changes nothing',
        'augmentation.2: expected degrees, translate, scale or shear other than those that leave the image as it is, got none',
        'augmentation.3: expected images of 3 channels, got 1, in which it changes nothing',
        "augmentation.4.padding: expected at most 31, one less than the image's shorter side, to reflect, got 40",
        'augmentation.5.kernel_size: expected an odd number up to 63, as images of 32 × 32 are mirrored once, got 4',
        'augmentation.6.scale: expected the smaller number first, got [1, 0.5]',
        'augmentation.7.magnitude: expected less than num_magnitude_bins, 31, got 31',
        'augmentation.8.value: expected a pixel value from 0 to 255, or mean, got 256',
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
      'parts',
      { training: { epochs: 1, batch_size: 32, accumulate: 3 } },
      ['training.accumulate: expected a divisor of batch_size (32), got 3'],
    ],
    [
      'two clippings',
      { training: { epochs: 1, batch_size: 32, clip_grad_norm: 1, agc: 0.01 } },
      ['training.agc: expected null, as clip_grad_norm clips already, got 0.01'],
    ],
    [
      'clipping at 0',
      { training: { epochs: 1, batch_size: 32, clip_grad_norm: 0, clip_grad_value: 0 } },
      [
        'training.clip_grad_norm: expected a number above 0 or null, got 0',
        'training.clip_grad_value: expected a number above 0 or null, got 0',
      ],
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
      'milestones',
      { schedule: { type: 'multi_step', milestones: [1, 2, 5] } },
      [
        'schedule.milestones.1: expected below 2, the epochs of the training, got 2',
        'schedule.milestones.2: expected below 2, the epochs of the training, got 5',
      ],
    ],
    [
      'restarts',
      { schedule: { type: 'cosine_restarts', first_epochs: 3 } },
      ['schedule.first_epochs: expected at most 2, the epochs of the training, got 3'],
    ],
    [
      'an average that never begins',
      { average: { type: 'swa', start_epoch: 3 } },
      ['average.start_epoch: expected at most 2, the epochs of the training, got 3'],
    ],
    [
      'class weights',
      { loss: { type: 'cross_entropy', class_weights: [1, 2] } },
      ['loss.class_weights: expected 8 numbers, one a class, got 2'],
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

  describe('a batch norm needs more than one value for each channel', () => {
    const bn = { type: 'batch_norm', name: 'bn' };
    const norms = (train: number, batch_size: number, layers: object[], more = {}) =>
      broken({ ...shapes({ train }), ...training(2, batch_size), model: { layers }, ...more });
    const flat = [pool, bn, fc];
    const expected = (names: string, size: number, got: string) => [
      `training.batch_size: expected a size that leaves no batch of 1 image, such as ${size}: ${names} (batch_norm) would have one value for each channel in a batch of 1, got ${got}`,
    ];

    it.each([
      ['a last batch of 1', 33, 32, 31, '32, which leaves 1 of 33 training images in the last batch'],
      ['batches of 1', 40, 1, 2, '1, which leaves 1 of 40 training images in each batch'],
      ['a neighbour that leaves 1, too', 7, 3, 4, '3, which leaves 1 of 7 training images in the last batch'],
    ])('flat features, %s', (_name, train, size, other, got) => {
      expect(norms(train, size, flat)).toEqual(expected('bn', other, got));
      expect(norms(train, other, flat)).toEqual([]);
    });

    it('in a part of an update, too', () => {
      const parts = (train: number, accumulate: number) =>
        broken({
          ...shapes({ train }),
          training: { epochs: 1, batch_size: 8, accumulate },
          model: { layers: flat },
        });
      expect(parts(18, 4)).toEqual([]);
      expect(parts(19, 4)).toEqual([
        'training.accumulate: expected another number of parts, such as 1: bn (batch_norm) would have one value for each channel in a batch of 1, got 4, which leaves a part of 1 image',
      ]);
      expect(parts(18, 8)).toHaveLength(1);
    });

    it('a map of 1 × 1, wherever it is: in a block, in a head', () => {
      const conv = { type: 'conv', name: 'conv', filters: 4, kernel: 32 };
      const inner = { type: 'sequential', name: 'inner', layers: [conv, bn] };
      const head = {
        name: 'head',
        after: 'inner',
        weight: 0.3,
        layers: [{ ...bn, name: 'n' }, { type: 'flatten' }, fc],
      };
      const model = { layers: [{ ...bn, name: 'large' }, inner, { type: 'flatten' }, fc], auxiliary: [head] };
      const got = '16, which leaves 1 of 33 training images in the last batch';
      expect(norms(33, 16, [], { model })).toEqual(expected('inner.bn, head.n', 15, got));
      expect(norms(33, 15, [], { model })).toEqual([]);
    });

    it('one training image is too few', () => {
      expect(norms(1, 1, flat)).toEqual([
        'training.batch_size: expected at least 2 training images: bn (batch_norm) would have one value for each channel in a batch of 1, got 1 of 1',
      ]);
    });

    it('one that is frozen as a whole evaluates', () => {
      const groups = (...match: string[]) => ({ parameter_groups: [{ match, frozen: true }] });
      expect(norms(33, 32, flat, groups('bn.*'))).toEqual([]);
      expect(norms(33, 32, flat, groups('bn.weight'))).toHaveLength(1);
      expect(norms(33, 32, [pool, { ...bn, affine: false }, fc])).toHaveLength(1);
    });

    it('a map of more pixels has a variance of one image', () => {
      expect(norms(33, 32, [bn, pool, fc])).toEqual([]);
    });

    it('is told with its place', async () => {
      const file = join(temporaryDirectory(), 'a.yaml');
      const keys = { ...shapes({ train: 33 }), model: { layers: flat }, optimizer: { type: 'sgd' } };
      const lines = Object.entries(keys).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
      writeFileSync(file, ['name: a', 'training: {epochs: 1, batch_size: 32}', ...lines].join('\n'));
      await expect(loadPlan(file)).rejects.toThrow(`${file}:2:35 training.batch_size: expected a size that`);
    });
  });

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
