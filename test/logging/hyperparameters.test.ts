import { expect, test } from 'vitest';
import { hyperparameters } from '../../src/logging/hyperparameters.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

test('numbers and words by their keys; nothing of where data lies and what a run leaves behind', () => {
  const plan = tinyPlan({ optimizer: { type: 'sgd', learning_rate: 0.5, nesterov: true, momentum: 0.9 } });
  expect(hyperparameters(plan, 'wasm')).toEqual({
    seed: 7,
    'dataset.type': 'shapes',
    init: 'null',
    'dataset.size': 32,
    'dataset.channels': 3,
    'dataset.validation': 'test',
    'dataset.limit.train': 52,
    'dataset.limit.test': 20,
    'input.resize': 'null',
    'input.normalize.mean': '[0.5]',
    'input.normalize.std': '[0.5]',
    augmentation: '[{type:random_crop,padding:4,padding_mode:constant},{type:random_flip,probability:0.5}]',
    'loss.type': 'cross_entropy',
    'loss.label_smoothing': 0,
    'loss.class_weights': 'null',
    'optimizer.type': 'sgd',
    'optimizer.learning_rate': 0.5,
    'optimizer.momentum': 0.9,
    'optimizer.nesterov': true,
    'optimizer.weight_decay': 0,
    'schedule.type': 'cosine',
    'schedule.warmup_epochs': 0.5,
    parameter_groups: '[]',
    'schedule.final_factor': 0,
    mixing: 'null',
    'average.type': 'none',
    'training.epochs': 2,
    'training.batch_size': 8,
    'training.accumulate': 1,
    'training.shuffle': true,
    'training.clip_grad_norm': 'null',
    'training.clip_grad_value': 'null',
    'training.agc': 'null',
    backend: 'wasm',
    'model.parameters': plan.parameterCount,
    'model.macs': plan.macs,
  });
});

test('of an archive, not its place', () => {
  const names = Object.keys(hyperparameters(tinyPlan({ dataset: { type: 'cifar10' } }), 'wasm'));
  // The tiny model has as many outputs as there are shapes; cifar10 has more.
  expect(names.filter((name) => name.startsWith('dataset.'))).toEqual([
    ...['dataset.type', 'dataset.limit.train', 'dataset.limit.test', 'dataset.validation'],
  ]);
});
