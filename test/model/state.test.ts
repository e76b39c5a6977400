import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { checkSlots, copyState, initialState, stateFrom } from '../../src/model/state.js';
import { parameterSpecs } from '../../src/model/state_specs.js';
import type { NamedTensor, StateTensor } from '../../src/storage/safetensors.js';
import { batchNormPlan, everyLayerPlan, smallPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan({ optimizer: { type: 'adam' } });
const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the state before the first step', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(initialState(plan)).toEqual(initialState(plan));
    const other = initialState({ ...plan, config: { ...plan.config, seed: 2 } });
    for (const [name, { data }] of initialState(plan).parameters)
      expect(other.parameters.get(name)!.data).not.toEqual(data);
  });

  it('has every parameter in order and shape, within its bounds and not all in one half', () => {
    const wide = smallPlan({
      layers: [
        { type: 'conv', name: 'conv', filters: 32, kernel: 3 },
        { type: 'flatten', name: 'flatten' },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    });
    const { parameters } = initialState(wide);
    expect([...parameters].map(([name, { shape }]) => [name, shape])).toEqual([
      ['conv.weight', [32, 3, 3, 3]],
      ['conv.bias', [32]],
      ['fc.weight', [4, 384]],
      ['fc.bias', [4]],
    ]);
    for (const [name, { init }] of parameterSpecs(wide.network)) {
      const { bound } = init as { bound: number };
      const { data } = parameters.get(name)!;
      expect(Math.max(...data.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
      if (data.length < 100) continue;
      expect(Math.max(...data)).toBeGreaterThan(0.95 * bound);
      expect(Math.min(...data)).toBeLessThan(-0.95 * bound);
      // The variance of a uniform number in ±bound is bound² / 3; five standard errors of the mean.
      const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
      expect(Math.abs(mean)).toBeLessThan(5 * bound * Math.sqrt(1 / 3 / data.length));
    }
  });

  it('draws each parameter by its name', () => {
    const twins = smallPlan({
      layers: [
        { type: 'global_avg_pool', name: 'p' },
        { type: 'linear', name: 'a', units: 3 },
        { type: 'linear', name: 'b', units: 3 },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    });
    const { parameters } = initialState(twins);
    expect(parameters.get('a.weight')!.data).not.toEqual(parameters.get('b.weight')!.data);
    expect(parameters.get('a.weight')!.data.slice(0, 3)).not.toEqual(parameters.get('a.bias')!.data);
    // A layer more changes nothing for the others.
    const longer = smallPlan({
      layers: [
        ...twins.config.model.layers.slice(0, 2),
        { type: 'relu', name: 'r' },
        ...twins.config.model.layers.slice(2),
      ],
    });
    expect(initialState(longer).parameters).toEqual(parameters);
  });

  it.each([
    [{ type: 'sgd' }, []],
    [{ type: 'sgd', momentum: 0.9 }, ['momentum_buffer']],
    [{ type: 'adam' }, ['exp_avg', 'exp_avg_sq']],
    [{ type: 'adamw' }, ['exp_avg', 'exp_avg_sq']],
  ])('%j starts with slots of zeros: %j', (optimizer, names) => {
    const { parameters, slots } = initialState(everyLayerPlan({ optimizer }));
    expect([...slots.keys()]).toEqual(names);
    for (const tensors of slots.values()) {
      expect([...tensors].map(([name, { shape }]) => [name, shape])).toEqual(
        [...parameters].map(([name, { shape }]) => [name, shape]),
      );
      for (const { data } of tensors.values()) expect(data.every((value) => value === 0)).toBe(true);
    }
  });
});

describe('parameters from a file', () => {
  it('in any order become a fresh state in the model’s', () => {
    const { parameters } = initialState(plan);
    const state = stateFrom(plan, new Map([...parameters].toReversed()), 'init.safetensors');
    expect([...state.parameters]).toEqual([...parameters]);
    expect(state.slots).toEqual(initialState(plan).slots);
  });

  it('every mistake is listed', () => {
    const parameters = new Map<string, NamedTensor>(initialState(plan).parameters);
    parameters.delete('conv1.bias');
    parameters.set('fc.weight', { shape: [9, 4], data: new Float32Array(36) });
    parameters.set('fc2.weight', { shape: [2], data: new Float32Array(2) });
    const error = thrownBy(() => stateFrom(plan, parameters, 'init.safetensors'));
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: `init.safetensors: the parameters are not those of the model
  conv1.bias: expected [4], not in the file
  fc.weight: expected [4, 9], got [9, 4]
  fc2.weight [2]: not in the model`,
      hint: expect.stringContaining('gnet describe'),
    });
  });

  it('of any number and any name make a message of some lines', () => {
    const parameters = new Map<string, NamedTensor>(initialState(plan).parameters);
    const other = { shape: [1], data: new Float32Array(1) };
    for (let i = 0; i < 1000; i++) parameters.set(`${i}${'x'.repeat(1000)}`, other);
    const { message } = thrownBy(() => stateFrom(plan, parameters, 'init.safetensors')) as Error;
    const lines = message.split('\n');
    expect(lines).toHaveLength(102);
    expect(lines[1]).toMatch(/^ {2}0x{299}…$/);
    expect(lines.at(-1)).toBe('  … and 900 more');
  });

  const norms = batchNormPlan();
  const withCounter = (data: BigInt64Array, shape: readonly number[] = []) => {
    const { parameters, buffers } = initialState(norms);
    const counter = { 'bn1.num_batches_tracked': { shape, data } };
    return new Map<string, StateTensor>([...parameters, ...buffers, ...Object.entries(counter)]);
  };

  it.each([0n, 7n, 2n ** 31n - 1n])('counters are taken over: %s', (count) => {
    const state = stateFrom(norms, withCounter(BigInt64Array.of(count)), 'x');
    expect(state.buffers.get('bn1.num_batches_tracked')!.data).toEqual(BigInt64Array.of(count));
  });

  it.each([-1n, 2n ** 31n, 2n ** 40n, 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n])(
    'counters that no step can hold are refused: %s',
    (count) =>
      expect(() => stateFrom(norms, withCounter(BigInt64Array.of(count)), 'x')).toThrow(
        `bn1.num_batches_tracked: expected a count from 0 to 2147483647, got ${count}`,
      ),
  );

  it('counters of another type or shape are refused, absent ones begin at 0', () => {
    const tensors = withCounter(BigInt64Array.of(1n, 2n), [2]);
    tensors.set('bn2.num_batches_tracked', { shape: [], data: Float32Array.of(3) });
    tensors.delete('bn0.num_batches_tracked');
    const { message } = thrownBy(() => stateFrom(norms, tensors, 'x')) as Error;
    expect(message.split('\n').slice(1)).toEqual([
      '  bn1.num_batches_tracked: expected int64 [], got int64 [2]',
      '  bn2.num_batches_tracked: expected int64 [], got []',
    ]);
    const absent = withCounter(BigInt64Array.of(1n));
    absent.delete('bn0.num_batches_tracked');
    const { buffers } = stateFrom(norms, absent, 'x');
    expect(buffers.get('bn0.num_batches_tracked')).toEqual({ shape: [], data: BigInt64Array.of(0n) });
  });

  it('that fit are accepted', () => {
    expect(() => stateFrom(plan, initialState(plan).parameters, 'x')).not.toThrow();
  });
});

describe('optimizer state from a file', () => {
  it('of another optimizer is refused', () => {
    const { slots } = initialState(everyLayerPlan({ optimizer: { type: 'sgd', momentum: 0.9 } }));
    expect(thrownBy(() => checkSlots(plan, slots, 'optimizer.safetensors'))).toMatchObject({
      name: 'UserError',
      message:
        'optimizer.safetensors: expected optimizer state exp_avg, exp_avg_sq (adam), got momentum_buffer',
      hint: 'Resume with the optimizer that wrote the checkpoint.',
    });
    expect(() => checkSlots(plan, new Map(), 'x')).toThrow('got none');
  });

  it('of another model is refused, with the slot', () => {
    const { slots } = initialState(plan);
    const broken = new Map(slots.get('exp_avg_sq'));
    broken.delete('fc.bias');
    expect(() => checkSlots(plan, new Map(slots).set('exp_avg_sq', broken), 'optimizer.safetensors')).toThrow(
      /^optimizer\.safetensors, exp_avg_sq: .*\n {2}fc\.bias: expected \[4\], not in the file$/,
    );
  });

  it('that fits is accepted in any order', () => {
    const { slots } = initialState(plan);
    expect(() => checkSlots(plan, new Map([...slots].toReversed()), 'x')).not.toThrow();
  });
});

it('a copy does not change with the original', () => {
  const state = initialState(plan);
  const copy = copyState(state);
  expect(copy).toEqual(state);
  state.parameters.get('fc.bias')!.data.fill(7);
  state.slots.get('exp_avg')!.get('fc.bias')!.data.fill(7);
  expect(copy).toEqual(initialState(plan));
});
