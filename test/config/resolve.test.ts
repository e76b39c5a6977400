import { describe, expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import type { PlannedLayer } from '../../src/config/network.js';
import { minimalConfig } from './minimal_config.js';

const plan = (changes: Record<string, unknown> = {}) => planFromResolved(minimalConfig(changes), 'test');

describe('the plan', () => {
  it('says what is known of the data set', () => {
    const { dataset } = plan({
      dataset: { type: 'cifar10', limit: { train: 999, test: 100 }, validation: 0.25 },
    });
    expect(dataset.count).toEqual({ train: 749, validation: 250, test: 100 });
    expect(dataset.chosenOn).toBe('validation');
    expect(dataset.image).toEqual({ channels: 3, height: 32, width: 32 });
    expect(dataset.classes).toHaveLength(10);
  });

  it.each([
    ['a partial last batch is a step', 10, 4, 2, 0, { stepsPerEpoch: 3, totalSteps: 6, warmupSteps: 0 }],
    ['a full last batch', 12, 4, 2, 0, { stepsPerEpoch: 3, totalSteps: 6, warmupSteps: 0 }],
    ['warm-up of a fraction', 12, 4, 2, 0.5, { stepsPerEpoch: 3, totalSteps: 6, warmupSteps: 2 }],
    ['warm-up of the whole run', 12, 4, 2, 2, { stepsPerEpoch: 3, totalSteps: 6, warmupSteps: 6 }],
    ['one batch', 5, 5, 1, 0, { stepsPerEpoch: 1, totalSteps: 1, warmupSteps: 0 }],
  ])('counts steps: %s', (_name, train, batch_size, epochs, warmup_epochs, horizon) => {
    const changes = {
      dataset: { type: 'shapes', limit: { train }, validation: 'test' },
      training: { epochs, batch_size },
      schedule: { type: 'constant', warmup_epochs },
    };
    expect(plan(changes).horizon).toEqual(horizon);
  });

  it.each([
    [null, [3, 32, 32]],
    [64, [3, 64, 64]],
  ])('resize %j', (resize, input) => {
    expect((plan({ input: { resize } }).network.layers[0] as PlannedLayer).input).toEqual(input);
  });

  it('counts parameters and multiply-accumulates, heads included', () => {
    const layers = [
      { type: 'conv', name: 'conv', filters: 4, kernel: 3, padding: 1 },
      { type: 'global_avg_pool', name: 'pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ];
    const head = [
      { type: 'global_avg_pool', name: 'pool' },
      { type: 'linear', name: 'fc', units: 'num_classes', bias: false },
    ];
    const { parameterCount, macs } = plan({
      model: { layers, auxiliary: [{ name: 'aux', after: 'conv', weight: 0.3, layers: head }] },
    });
    const [conv, linear] = [4 * 3 * 3 * 3, 4 * 8];
    expect(parameterCount).toBe(conv + 4 + linear + 8 + linear);
    expect(macs).toBe(conv * 32 * 32 + linear + linear);
  });

  it('survives JSON: a stored config gives the same plan', () => {
    const first = plan({ schedule: { type: 'cosine' } });
    expect(planFromResolved(JSON.parse(JSON.stringify(first.config)), 'plan.json')).toEqual(first);
  });
});
