import { expect, it } from 'vitest';
import { findKey, formatKey } from '../../src/config/key_path.js';
import { UserError } from '../../src/errors.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const { config } = tinyPlan();

it.each([
  ['seed', ['seed'], 'seed'],
  ['optimizer.learning_rate', ['optimizer', 'learning_rate'], 'optimizer.learning_rate'],
  ['model.layers.1.conv1x1', ['model', 'layers', 1, 'conv1x1'], 'model.layers.inception1.conv1x1'],
  ['model.layers.conv1', ['model', 'layers', 0], 'model.layers.conv1'],
  [
    'model.auxiliary.head.layers.fc.units',
    ['model', 'auxiliary', 0, 'layers', 3, 'units'],
    'model.auxiliary.head.layers.fc.units',
  ],
  ['augmentation.1.type', ['augmentation', 1, 'type'], 'augmentation.1.type'],
  ['input.normalize.mean.0', ['input', 'normalize', 'mean', 0], 'input.normalize.mean.0'],
])('%s is %j', (key, path, canonical) => {
  expect(findKey(config, key)).toEqual(path);
  expect(formatKey(config, path)).toBe(canonical);
});

it.each([
  ['sed', /^sed: expected a key of the config \(name, .*seed.*\), got "sed"; did you mean seed\?$/],
  ['learning_rate', /did you mean optimizer\.learning_rate\?$/],
  ['inception1.conv3x3', /did you mean model\.layers\.inception1\.conv3x3\?$/],
  ['kernel', /did you mean model\.layers\.conv1\.kernel or model\.auxiliary\.head\.layers\.pool\.kernel\?$/],
  ['learning_rat', /did you mean optimizer\.learning_rate\?$/],
  ['model.layer.0.kernel', /got "layer"; did you mean model\.layers\?$/],
  ['model.layers.cnv1.kernel', /did you mean model\.layers\.conv1\.kernel\?$/],
  ['model.layers.0.kernl', /did you mean model\.layers\.conv1\.kernel\?$/],
  ['model.layers.9', /a key of model\.layers \(conv1, inception1, dropout, pool, fc\), got "9"$/],
  ['optimizer.momentum', /^optimizer\.momentum: expected a key of optimizer, which is adam \(type, /],
  ['dataset.limit.train.x', /expected no key behind dataset\.limit\.train, which is 52, got "x"$/],
  ['input.resize.x', /expected no key behind input\.resize, which is null, got "x"$/],
  ['optimizer..type', /got ""/],
  ['constructor', /got "constructor"$/],
  ['augmentation.length', /a key of augmentation \(0, 1\), got "length"/],
  ['a\u001b[31m', /^a\\x1b\[31m: expected .*, got "a\\\\x1b\[31m"$/],
])('%j is none: the keys that there are, and what was probably meant', (key, message) => {
  const error = (() => {
    try {
      return findKey(config, key);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ message: expect.stringMatching(message), exitCode: 2 });
});

it.each(['blocks', 'extends.x'])('%s, a key of files only: where to find what it brings', (key) => {
  expect(() => findKey(config, key)).toThrow(
    expect.objectContaining({ hint: expect.stringMatching(/put in place|among the other keys/) }),
  );
});
