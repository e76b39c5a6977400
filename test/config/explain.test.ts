import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeKey, explainKey } from '../../src/config/explain.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const BASE = `name: base
dataset: {type: shapes, limit: {train: 64, test: 8}}
model:
  layers:
    - {type: conv, name: conv1, filters: 4, kernel: 3}
    - {type: global_avg_pool, name: pool}
    - {type: linear, name: fc, units: num_classes}
optimizer: {type: adam, learning_rate: 0.01}
training: {epochs: 1, batch_size: 8}
input:
  normalize: {mean: [0.1, 0.2, 0.3]}
`;
const MIDDLE = `extends: base.yaml
training: {epochs: 2}
optimizer: {learning_rate: 0.02}
`;
const TOP = `extends: ../middle.yaml
name: top
model:
  layers:
    - {type: dropout, name: dropout, rate: 0.1}
    - {type: conv, name: conv1, filters: 5, kernel: 3}
    - {type: global_avg_pool, name: pool}
    - {type: linear, name: fc, units: num_classes}
training: {epochs: 3}
`;

let directory: string;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory();
  mkdirSync(join(directory, 'top'));
  file = join(directory, 'top/top.yaml');
  writeFileSync(join(directory, 'base.yaml'), BASE);
  writeFileSync(join(directory, 'middle.yaml'), MIDDLE);
  writeFileSync(file, TOP);
});

/** Explains a key, with places relative to the directory. */
async function explain(key: string | undefined, ...sets: string[]) {
  const text = JSON.stringify(explainKey(await loadPlan(file, sets), key));
  return JSON.parse(text.replaceAll(`${directory}/`, '')) as ReturnType<typeof explainKey>;
}

describe('a value', () => {
  it.each([
    [
      'of the file, over both of its bases',
      'training.epochs',
      3,
      'top/top.yaml:9:20',
      ['2 middle.yaml:2:20', '1 base.yaml:9:20'],
    ],
    [
      'of a base, over the other',
      'optimizer.learning_rate',
      0.02,
      'middle.yaml:3:28',
      ['0.01 base.yaml:8:40'],
    ],
    ['of a base', 'training.batch_size', 8, 'base.yaml:9:35', []],
    ['of no file', 'optimizer.beta1', 0.9, 'default', []],
    [
      'of a list that was replaced: that of the layer of this name',
      'model.layers.conv1.filters',
      5,
      'top/top.yaml:6:42',
      ['4 base.yaml:5:42'],
    ],
    ['of a layer that the base has not', 'model.layers.dropout.rate', 0.1, 'top/top.yaml:5:44', []],
    ['a list of numbers', 'input.normalize.mean', [0.1, 0.2, 0.3], 'base.yaml:11:21', []],
    ['an item of it', 'input.normalize.mean.1', 0.2, 'base.yaml:11:27', []],
  ])('%s', async (_, key, value, origin, replaced) => {
    const explanation = await explain(key);
    expect(explanation).toMatchObject({ key, value, origin, settings: [] });
    expect(explanation.replaced.map((each) => `${each.value} ${each.origin}`)).toEqual(replaced);
  });

  it('of --set, over an earlier one and a file', async () => {
    expect(await explain('seed', 'seed=1', 'seed=2')).toMatchObject({
      value: 2,
      origin: '--set seed=2',
      replaced: [{ value: 1, origin: '--set seed=1' }],
    });
    expect(await explain('dataset.limit.train', 'dataset.limit.train=32')).toMatchObject({
      value: 32,
      origin: '--set dataset.limit.train=32',
      replaced: [{ value: 64, origin: 'base.yaml:2:40' }],
    });
  });

  it('that went with its type is the default, over what it was', async () => {
    expect(await explain('optimizer.learning_rate', 'optimizer.type=sgd')).toMatchObject({
      value: 0.001,
      origin: 'default',
      replaced: [
        { value: 0.02, origin: 'middle.yaml:3:28' },
        { value: 0.01, origin: 'base.yaml:8:40' },
      ],
    });
  });

  it('set inside a list leaves the rest of the list alone', async () => {
    const set = 'input.normalize.mean.1=0.5';
    expect(await explain('input.normalize.mean.1', set)).toMatchObject({
      value: 0.5,
      origin: `--set ${set}`,
    });
    expect((await explain('input.normalize.mean', set)).settings).toEqual([
      { key: 'input.normalize.mean.0', value: 0.1, origin: 'base.yaml:11:22' },
      { key: 'input.normalize.mean.1', value: 0.5, origin: `--set ${set}` },
      { key: 'input.normalize.mean.2', value: 0.3, origin: 'base.yaml:11:32' },
    ]);
  });
});

describe('a map', () => {
  it('is told value by value', async () => {
    expect(await explain('training')).toEqual({
      key: 'training',
      value: {
        epochs: 3,
        batch_size: 8,
        accumulate: 1,
        shuffle: true,
        clip_grad_norm: null,
        clip_grad_value: null,
        agc: null,
      },
      origin: 'top/top.yaml:9:11',
      replaced: [],
      settings: [
        { key: 'training.epochs', value: 3, origin: 'top/top.yaml:9:20' },
        { key: 'training.batch_size', value: 8, origin: 'base.yaml:9:35' },
        { key: 'training.accumulate', value: 1, origin: 'default' },
        { key: 'training.shuffle', value: true, origin: 'default' },
        { key: 'training.clip_grad_norm', value: null, origin: 'default' },
        { key: 'training.clip_grad_value', value: null, origin: 'default' },
        { key: 'training.agc', value: null, origin: 'default' },
      ],
      description: 'The training loop.',
      accepts: 'a map',
    });
  });

  it('the whole config: every value once', async () => {
    const { key, value, settings } = await explain(undefined);
    expect(key).toBe('');
    const origins = new Map(settings.map((setting) => [setting.key, setting.origin]));
    expect(origins.size).toBe(settings.length);
    expect(origins.get('name')).toBe('top/top.yaml:2:7');
    expect(origins.get('augmentation')).toBe('default');
    expect(origins.get('model.layers.fc.units')).toBe('top/top.yaml:8:39');
    expect(value).toEqual((await loadPlan(file)).plan.config);
  });
});

describe('what the schema says', () => {
  const { config } = tinyPlan();
  it.each([
    [
      ['optimizer', 'type'],
      'sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb or muon',
      /^Adam, as torch\.optim\.Adam\.$/,
      undefined,
    ],
    [
      ['optimizer'],
      'a map with a type of sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb or muon',
      /^How a .*\. adam: Adam, as/,
      undefined,
    ],
    [['optimizer', 'beta1'], 'a number of at least 0 and below 1', /^Decay of the running mean/, 0.9],
    [['model', 'layers', 0, 'kernel'], 'an integer of at least 1 or [height, width]', /^Window/, undefined],
    [
      ['model', 'auxiliary', 0, 'layers', 3, 'units'],
      'an integer of at least 1 or num_classes',
      /^Number of outputs/,
      undefined,
    ],
    [['input', 'resize'], 'an integer from 8 to 2048 or null', /^Height and width in pixels/, null],
    [['input', 'normalize', 'std', 0], 'a number above 0', /^The difference is divided by it/, undefined],
    [['checkpoint', 'every_steps'], 'an integer of at least 1 or null', /^Steps between/, null],
  ] as const)('%j: %s', (path, accepts, description, standard) => {
    const found = describeKey(config, path);
    expect(found).toMatchObject({ accepts, description: expect.stringMatching(description) });
    expect(found.default).toBe(standard);
    expect('default' in found).toBe(standard !== undefined);
  });
});
