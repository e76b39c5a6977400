import { describe, expect, it } from 'vitest';
import { UserError } from '../../src/errors.js';
import { FusedState } from '../../src/model/fused_state.js';
import type { ModelState as WholeState } from '../../src/model/state.js';
import type { Arithmetic } from '../../src/registry/optimizers/arithmetic.js';
import { type OptimizerOptions, optimizerEntry } from '../../src/registry/optimizers/index.js';
import type { ElementRule } from '../../src/registry/optimizers/optimizer.js';
import { elements } from '../helpers/plain.js';
import { TestRandom } from '../helpers/random.js';

const sgd = { type: 'sgd', learning_rate: 0.1, momentum: 0.5, nesterov: false, weight_decay: 0 } as const;
const plainSgd = { ...sgd, momentum: 0 };
const adam = {
  type: 'adam',
  learning_rate: 0.1,
  beta1: 0.5,
  beta2: 0.75,
  epsilon: 1e-8,
  weight_decay: 0,
} as const;
const rmsprop = {
  type: 'rmsprop',
  learning_rate: 0.1,
  alpha: 0.75,
  epsilon: 0.03,
  momentum: 0.5,
  weight_decay: 0.1,
} as const;
const rules: readonly OptimizerOptions[] = [
  plainSgd,
  { ...sgd, weight_decay: 0.1 },
  { ...sgd, nesterov: true },
  adam,
  { ...adam, weight_decay: 0.1 },
  { ...adam, type: 'adamw', weight_decay: 0.1 },
  { ...adam, type: 'nadam', momentum_decay: 0.004, weight_decay: 0.1 },
  { ...rmsprop, variant: 'torch' },
  { ...rmsprop, variant: 'tensorflow' },
  {
    type: 'adagrad',
    learning_rate: 0.1,
    lr_decay: 0.5,
    initial_accumulator: 0.25,
    epsilon: 1e-10,
    weight_decay: 0.1,
  },
  { type: 'lion', learning_rate: 0.1, beta1: 0.5, beta2: 0.75, weight_decay: 0.1 },
];

type ModelState = Pick<WholeState, 'parameters' | 'slots'>;

/** Sizes around four lanes and around an alignment of 64 bytes; each parameter has a neighbour. */
const SHAPES = [[1], [2, 3], [4], [1, 1, 1, 1], [5], [3, 5], [16], [17], [1], [7, 9, 1], [64], [1000]];

function stateOf(options: OptimizerOptions, random = new TestRandom(5)): ModelState {
  const tensors = (low: number) =>
    new Map(
      SHAPES.map((shape, index) => {
        const { values } = random.tensor(shape);
        // Running means of squares are not negative.
        return [
          `p${index}`,
          { shape, data: Float32Array.from(values, (value) => Math.max(value, low)) },
        ] as const;
      }),
    );
  const slots = optimizerEntry(options.type).slots(options);
  return { parameters: tensors(-1), slots: new Map(slots.map((slot) => [slot, tensors(0)])) };
}

/** All parameters in one group. */
function openState(optimizer: OptimizerOptions, state: ModelState): FusedState {
  return new FusedState(
    [{ parameters: [...state.parameters.keys()], optimizer, learningRateFactor: 1 }],
    state,
  );
}

/** float32, one operation at a time. */
const float32: Arithmetic<number> = {
  add: (a, b) => Math.fround(a + b),
  sub: (a, b) => Math.fround(a - b),
  mul: (a, b) => Math.fround(a * b),
  div: (a, b) => Math.fround(a / b),
  sqrt: (a) => Math.fround(Math.sqrt(a)),
  sign: Math.sign,
};

type Numbers = Readonly<Record<string, number>>;
const recordOf = (names: Iterable<string>, value: (name: string) => number): Numbers =>
  Object.fromEntries([...names].map((name) => [name, value(name)]));

/** An update of `state`, by the rule, element by element. */
function updateByRule(
  options: OptimizerOptions,
  state: ModelState,
  gradients: ModelState['parameters'],
  learningRate: number,
  step: number,
): void {
  const entry = optimizerEntry(options.type) as ElementRule;
  const exact: Numbers = entry.scalars(options, learningRate, step);
  const scalars = recordOf(Object.keys(exact), (name) => Math.fround(exact[name]!));
  for (const [name, { data }] of state.parameters)
    for (let i = 0; i < data.length; i++) {
      const slots = recordOf(state.slots.keys(), (slot) => state.slots.get(slot)!.get(name)!.data[i]!);
      const gradient = gradients.get(name)!.data[i]!;
      const outputs = entry.update(options, float32, { parameter: data[i]!, gradient, slots, scalars });
      data[i] = outputs.parameter;
      for (const [slot, tensors] of state.slots) tensors.get(name)!.data[i] = outputs.slots[slot]!;
    }
}

const valuesOf = ({ parameters, slots }: ModelState) =>
  [parameters, ...slots.values()].map((tensors) =>
    [...tensors].map(([name, { shape, data }]) => ({ name, shape, data: Array.from(data) })),
  );

function setGradients(fused: FusedState, random: TestRandom): void {
  for (const { shape, data } of fused.gradients.values()) data.set(random.tensor(shape).values);
}

describe.each(rules)('FusedState with $type, weight_decay $weight_decay', (options) => {
  it('updates every element as the rule says, to the bit', () => {
    const [state, fused] = [stateOf(options), openState(options, stateOf(options))];
    fused.beginTraining();
    const random = new TestRandom(6);
    for (const [index, rate] of [0.1, 0.05, 0.3].entries()) {
      setGradients(fused, random);
      const before = valuesOf({ parameters: fused.gradients, slots: new Map() });
      fused.update({ learningRate: rate, step: index + 1 });
      updateByRule(options, state, fused.gradients, rate, index + 1);
      expect(valuesOf(fused)).toEqual(valuesOf(state));
      expect(valuesOf({ parameters: fused.gradients, slots: new Map() }), 'gradients').toEqual(before);
    }
  });

  it('gives arrays of their own, aligned, and the same ones throughout', () => {
    const fused = openState(options, stateOf(options));
    fused.beginTraining();
    const { parameters, slots, gradients } = fused;
    const arrays = [parameters, gradients, ...slots.values()].flatMap((each) => [...each.values()]);
    for (const { shape, data } of arrays) expect(data.length).toBe(elements(shape));
    const starts = arrays.map(({ data }) => data.byteOffset).toSorted((a, b) => a - b);
    expect(new Set(starts).size).toBe(arrays.length);
    for (const start of starts) expect(start % 64).toBe(0);
    setGradients(fused, new TestRandom(6));
    fused.update({ learningRate: 0.1, step: 1 });
    expect([fused.parameters, fused.slots]).toEqual([parameters, slots]);
    expect(fused.parameters.get('p0')!.data).toBe(parameters.get('p0')!.data);
  });
});

describe('FusedState', () => {
  it('computes what SGD and Adam are known to', () => {
    const of = (...values: number[]) =>
      new Map([['p', { shape: [values.length], data: Float32Array.from(values) }]]);
    const first = openState(sgd, {
      parameters: of(1, 2, 3),
      slots: new Map([['momentum_buffer', of(2, 0, 1)]]),
    });
    first.gradients.get('p')!.data.set([4, -8, 0]);
    first.update({ learningRate: 0.25, step: 1 });
    expect(valuesOf(first).map(([tensor]) => tensor!.data)).toEqual([
      [-0.25, 4, 2.875],
      [5, -8, 0.5],
    ]);
    const slots = new Map([
      ['exp_avg', of(0)],
      ['exp_avg_sq', of(0)],
    ]);
    const second = openState(adam, { parameters: of(1), slots });
    second.gradients.get('p')!.data.set([4]);
    second.update({ learningRate: 0.25, step: 1 });
    // The first step is the learning rate in the direction of the gradient.
    expect(valuesOf(second).map(([tensor]) => tensor!.data)).toEqual([[0.75], [2], [4]]);
  });

  it('starts from a copy: later changes of the given state and of its own leave each other alone', () => {
    const given = stateOf(adam);
    const fused = openState(adam, given);
    expect(valuesOf(fused)).toEqual(valuesOf(stateOf(adam)));
    given.parameters.get('p1')!.data.fill(9);
    given.slots.get('exp_avg')!.get('p1')!.data.fill(9);
    expect(valuesOf(fused)).toEqual(valuesOf(stateOf(adam)));
    fused.parameters.get('p2')!.data.fill(7);
    expect(given.parameters.get('p2')!.data).toEqual(stateOf(adam).parameters.get('p2')!.data);
  });

  it('without slots takes memory for training when it begins, and goes on from its parameters', () => {
    const { parameters } = stateOf(adam);
    const fused = openState(adam, { parameters, slots: new Map() });
    const bytes = () => fused.parameters.get('p0')!.data.buffer.byteLength;
    expect([fused.gradients.size, fused.slots.size]).toEqual([0, 0]);
    const before = { values: valuesOf({ parameters: fused.parameters, slots: new Map() }), bytes: bytes() };
    fused.beginTraining();
    expect(valuesOf({ parameters: fused.parameters, slots: new Map() })).toEqual(before.values);
    // Whole pages, of which the small parameters leave a part.
    expect(bytes()).toBeGreaterThanOrEqual(before.bytes);
    const zeros = [fused.gradients, ...fused.slots.values()].flatMap((each) => [...each.values()]);
    expect(zeros).toHaveLength(3 * SHAPES.length);
    expect(zeros.every(({ data }) => data.every((value) => value === 0))).toBe(true);

    const other = openState(adam, {
      parameters,
      slots: new Map(fused.slots),
    });
    for (const each of [fused, other]) {
      setGradients(each, new TestRandom(6));
      each.update({ learningRate: 0.1, step: 1 });
    }
    expect(valuesOf(fused)).toEqual(valuesOf(other));
  });

  it('of a model without parameters has nothing to update', () => {
    const slots = new Map([['momentum_buffer', new Map()]]);
    const fused = openState(sgd, { parameters: new Map(), slots });
    fused.update({ learningRate: 0.1, step: 1 });
    expect(valuesOf(fused)).toEqual([[], []]);
  });

  it('what does not fit into one memory is an error that says how much it is', () => {
    // Nobody has the memory to spare for the real thing; only the size is looked at before.
    const large = { shape: [2 ** 28], data: { length: 2 ** 28, byteLength: 2 ** 30 } as Float32Array };
    const tensors = new Map([['p', large]]);
    const slots = new Map([
      ['exp_avg', tensors],
      ['exp_avg_sq', tensors],
    ]);
    const parameters = new Map([...tensors, ['q', { shape: [1], data: new Float32Array(1) }]]);
    const open = () => openState(adam, { parameters, slots });
    expect(open).toThrow(UserError);
    expect(open).toThrow(
      'model: its parameters, gradients and optimizer state take 4.1 GiB, this backend holds 4',
    );
  });
});
