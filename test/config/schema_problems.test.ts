import { describe, expect, it } from 'vitest';
import { validateExperiment } from '../../src/config/validate.js';
import { minimalConfig } from './minimal_config.js';

/** `path (key): expected …, got …; suggestion` of each problem, sorted by path. */
function problems(changes: Record<string, unknown>): string[] {
  const result = validateExperiment(minimalConfig(changes));
  const found = 'problems' in result ? result.problems : [];
  return found
    .map(
      ({ path, at, expected, actual, suggestion }) =>
        `${path.join('.')}${at === 'key' ? ' (key)' : ''}: expected ${expected}, got ${actual}${suggestion ? `; ${suggestion}` : ''}`,
    )
    .sort();
}

const layer = (options: unknown) => ({ model: { layers: [options, { type: 'relu', name: 'r' }] } });
const conv = (options: object) => layer({ type: 'conv', name: 'c', filters: 1, kernel: 1, ...options });
const sgd = (options: object) => ({ optimizer: { type: 'sgd', ...options } });

describe('wrong values', () => {
  it.each([
    [sgd({ momentum: 9 }), 'optimizer.momentum: expected a number from 0 to 1, got 9'],
    [sgd({ momentum: -1 }), 'optimizer.momentum: expected a number from 0 to 1, got -1'],
    [
      sgd({ momentum: '0.9' }),
      'optimizer.momentum: expected a number from 0 to 1, got "0.9"; remove the quotes',
    ],
    [sgd({ momentum: [0.9] }), 'optimizer.momentum: expected a number from 0 to 1, got a list of 1'],
    [sgd({ learning_rate: 0 }), 'optimizer.learning_rate: expected a number above 0, got 0'],
    [sgd({ nesterov: 'yes' }), 'optimizer.nesterov: expected true or false, got "yes"; write true'],
    [sgd({ nesterov: 'Off' }), 'optimizer.nesterov: expected true or false, got "Off"; write false'],
    [sgd({ nesterov: 'true' }), 'optimizer.nesterov: expected true or false, got "true"; remove the quotes'],
    [sgd({ nesterov: 1 }), 'optimizer.nesterov: expected true or false, got 1'],
    [sgd({ nesterov: null }), 'optimizer.nesterov: expected true or false, got null'],
    [
      { training: { epochs: 1.5, batch_size: 1 } },
      'training.epochs: expected an integer from 1 to 1000000, got 1.5',
    ],
    [{ training: null }, 'training: expected a map, got null'],
    [
      { name: '../up' },
      'name: expected up to 100 letters, digits, dots, _ or -, the first a letter or digit, got "../up"',
    ],
    [
      { backend: 'onnxruntime_cpu' },
      /^backend: expected one of auto, .*, got "onnxruntime_cpu"; did you mean onnxruntime-cpu\?$/,
    ],
    [{ input: { resize: 4 } }, 'input.resize: expected an integer from 8 to 2048 or null, got 4'],
    [
      { input: { normalize: { std: [] } } },
      'input.normalize.std: expected a list of 1 to 3 numbers, got an empty list',
    ],
    [{ input: { normalize: { std: [1, 0, 1] } } }, 'input.normalize.std.1: expected a number above 0, got 0'],
    [{ model: { layers: [] } }, 'model.layers: expected a list of at least 1 item, got an empty list'],
    [
      conv({ kernel: 'a' }),
      'model.layers.0.kernel: expected an integer of at least 1 or [height, width], got "a"',
    ],
    [
      conv({ kernel: 0 }),
      'model.layers.0.kernel: expected an integer of at least 1 or [height, width], got 0',
    ],
    [
      conv({ kernel: [3] }),
      'model.layers.0.kernel: expected an integer of at least 1 or [height, width], got a list of 1',
    ],
    [conv({ kernel: [3, 0] }), 'model.layers.0.kernel.1: expected an integer of at least 1, got 0'],
    [
      conv({ activation: 'relo' }),
      /^model\.layers\.0\.activation: expected one of none, relu, .*, got "relo"; did you mean relu\?$/,
    ],
    [
      layer({ type: 'linear', name: 'l', units: 'num_class' }),
      'model.layers.0.units: expected an integer of at least 1 or num_classes, got "num_class"; did you mean num_classes?',
    ],
    [
      layer({ type: 'inception', name: 'i', conv1x1: 1, conv3x3: 1, conv5x5: 1, convpool: 0 }),
      'model.layers.0.convpool: expected an integer of at least 1 or null, got 0',
    ],
    [
      layer({ type: 'inception', name: 'i', conv1x1: 1, conv3x3: 1, conv5x5: 1, convpool: 'none' }),
      'model.layers.0.convpool: expected an integer of at least 1 or null, got "none"',
    ],
    [
      layer({ type: 'relu', name: '_st' }),
      'model.layers.0.name: expected text of letters, digits or _ or null, got "_st"',
    ],
  ])('%j', (changes, problem) => {
    const found = problems(changes);
    expect(found).toHaveLength(1);
    if (typeof problem === 'string') expect(found[0]).toBe(problem);
    else expect(found[0]).toMatch(problem);
  });
});

describe('keys', () => {
  it.each([
    [
      sgd({ momentun: 0.9 }),
      'optimizer.momentun (key): expected a key of sgd (type, learning_rate, momentum, nesterov, weight_decay), got momentun; did you mean momentum?',
    ],
    [
      { training: { epochs: 1, batch_size: 1, shufle: true } },
      'training.shufle (key): expected one of the keys epochs, batch_size, accumulate, shuffle, clip_grad_norm, clip_grad_value, agc, got shufle; did you mean shuffle?',
    ],
    [
      sgd({ betas: 1 }),
      'optimizer.betas (key): expected a key of sgd (type, learning_rate, momentum, nesterov, weight_decay), got betas',
    ],
    [
      layer({ type: 'conv', name: 'c', filters: 1 }),
      'model.layers.0: expected the key kernel (an integer of at least 1 or [height, width]), got only type, name, filters',
    ],
    [
      layer({ type: 'conv', name: 'c', filters: 1, kernal: 3 }),
      /^model\.layers\.0\.kernal \(key\): expected a key of conv .*, got kernal; did you mean kernel\?$/,
    ],
    [
      { optimizer: {} },
      'optimizer: expected the key type (sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb or muon), got an empty map',
    ],
    [
      { optimizer: { tpye: 'sgd', momentum: 0.9 } },
      'optimizer: expected the key type (sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb or muon), got only tpye, momentum; rename tpye to type',
    ],
    [
      { optimizer: { type: 'adma' } },
      'optimizer.type: expected one of sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb, muon, got "adma"; did you mean adam?',
    ],
    [
      { optimizer: { type: 3 } },
      'optimizer.type: expected one of sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb, muon, got 3',
    ],
    [
      { optimizer: 'adam' },
      'optimizer: expected a map with a type of sgd, adam, adamw, nadam, rmsprop, adagrad, lion, lamb or muon, got "adam"',
    ],
    [{ 'bad\u001bkey': 1 }, /^bad.key \(key\): expected one of the keys name, .*, got bad\\x1bkey$/],
  ])('%j', (changes, problem) => {
    const found = problems(changes);
    expect(found).toHaveLength(1);
    if (typeof problem === 'string') expect(found[0]).toBe(problem);
    else expect(found[0]).toMatch(problem);
  });
});

it('finds every mistake at once', () => {
  const found = problems({
    ...layer({ type: 'conv', name: 'c', filters: 0, kernel: 'a', x: 1 }),
    ...sgd({ momentum: 2, nesterov: 'no' }),
    training: {},
    y: 1,
  });
  expect(found.map((line) => line.split(':')[0])).toEqual([
    'model.layers.0.filters',
    'model.layers.0.kernel',
    'model.layers.0.x (key)',
    'optimizer.momentum',
    'optimizer.nesterov',
    'training',
    'training',
    'y (key)',
  ]);
});
