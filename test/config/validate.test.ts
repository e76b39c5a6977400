import { describe, expect, it } from 'vitest';
import { validateExperiment } from '../../src/config/validate.js';
import { minimalConfig } from './minimal_config.js';

describe('validateExperiment', () => {
  it('fills in every default, and leaves the value as it was', () => {
    const written = minimalConfig();
    const init = { type: 'default', bias: null };
    expect(validateExperiment(written)).toEqual({
      experiment: {
        name: 'minimal',
        seed: 0,
        dataset: {
          type: 'shapes',
          size: 32,
          channels: 3,
          limit: { train: null, test: null },
          validation: 0.1,
        },
        input: { resize: null, normalize: { mean: [0.5], std: [0.5] } },
        augmentation: [],
        mixing: null,
        model: {
          layers: [
            { type: 'global_avg_pool', name: 'pool' },
            { type: 'linear', name: 'fc', units: 'num_classes', bias: true, activation: 'none', init },
          ],
          init: { conv: init, linear: init },
          auxiliary: [],
        },
        init: null,
        loss: { type: 'cross_entropy', label_smoothing: 0, class_weights: null },
        optimizer: { type: 'sgd', learning_rate: 0.001, momentum: 0, nesterov: false, weight_decay: 0 },
        parameter_groups: [],
        schedule: { type: 'constant', warmup_epochs: 0 },
        training: {
          epochs: 2,
          batch_size: 32,
          accumulate: 1,
          shuffle: true,
          clip_grad_norm: null,
          clip_grad_value: null,
          agc: null,
        },
        checkpoint: { every_steps: null },
        average: { type: 'none' },
        tensorboard: { histograms_every_epochs: null },
        backend: 'auto',
      },
    });
    expect(written).toEqual(minimalConfig());
  });

  it('accepts what it made', () => {
    const first = validateExperiment(minimalConfig());
    const experiment = 'experiment' in first ? first.experiment : undefined;
    expect(validateExperiment(experiment)).toEqual({ experiment });
  });

  it.each([[null], [3], ['x'], [[]], [undefined]])('refuses %j', (value) => {
    expect(validateExperiment(value)).toMatchObject({ problems: [{ path: [], expected: 'a map' }] });
  });

  it('refuses a __proto__ that JSON.parse made a key', () => {
    const value = {
      ...minimalConfig(),
      optimizer: JSON.parse('{"type": "sgd", "__proto__": {"momentum": 1}}'),
    };
    expect(validateExperiment(value)).toMatchObject({ problems: [{ path: ['optimizer', '__proto__'] }] });
  });
});
