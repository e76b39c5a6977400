import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { type Mapping, matchWeights } from '../../src/model/match_weights.js';
import { initialState, stateDict } from '../../src/model/state.js';
import type { StateTensor } from '../../src/storage/safetensors.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

/** conv1, bn1 with its counter, fc. */
const plan = tinyPlan({
  model: {
    layers: [
      { type: 'conv', name: 'conv1', filters: 3, kernel: 3 },
      { type: 'batch_norm', name: 'bn1' },
      { type: 'conv', name: 'conv2', filters: 4, kernel: 1 },
      { type: 'global_avg_pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
  },
});
const NONE: Mapping = { ignore: [], strip_prefix: null };
/** Other values than those that the seed gives. */
const weights = new Map<string, StateTensor>(
  [...stateDict(plan.network, initialState(plan))].map(([name, { shape, data }]) => [
    name,
    data instanceof BigInt64Array
      ? { shape, data: BigInt64Array.of(5n) }
      : { shape, data: data.map((x) => x + 1) },
  ]),
);
const numbers = (shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

function match(file: ReadonlyMap<string, StateTensor>, mapping: Partial<Mapping> = {}) {
  return matchWeights(plan, file, { ...NONE, ...mapping }, 'w.pth', (fitting) => JSON.stringify(fitting));
}

/** The lines of what a file is refused with, and the hint. */
function refusal(file: ReadonlyMap<string, StateTensor>, mapping: Partial<Mapping> = {}) {
  try {
    match(file, mapping);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message, hint } = error as UserError;
    const [first, ...lines] = message.split('\n').map((line) => line.trim());
    expect(first).toBe('w.pth: the parameters are not those of the model');
    return { lines, hint: hint! };
  }
  throw new Error('expected a refusal');
}

test('takes every tensor, counters too; a counter may be absent', () => {
  const { state, loaded, fresh, left_out } = match(weights);
  expect(stateDict(plan.network, state)).toEqual(weights);
  expect(state.slots).toEqual(initialState(plan).slots);
  expect([loaded, fresh, left_out]).toEqual([[...weights.keys()], [], []]);
  const without = new Map(weights);
  without.delete('bn1.num_batches_tracked');
  expect(match(without).state.buffers.get('bn1.num_batches_tracked')!.data).toEqual(BigInt64Array.of(0n));
});

test('a head of another size names the key that starts it afresh, with every other difference', () => {
  const file = new Map(weights)
    .set('fc.weight', numbers([1000, 4]))
    .set('fc.bias', numbers([1000]))
    .set('aux1.conv.weight', numbers([2]))
    .set('aux1.fc.weight', numbers([2]));
  const { lines, hint } = refusal(file);
  expect(lines).toEqual([
    'fc.weight: expected [8, 4], got [1000, 4]',
    'fc.bias: expected [8], got [1000]',
    'aux1.conv.weight [2]: not in the model',
    'aux1.fc.weight [2]: not in the model',
  ]);
  const mapping = JSON.parse(hint) as Mapping;
  expect(mapping).toEqual({ ignore: ['fc.*', 'aux1.*'], strip_prefix: null });
  const { state, loaded, fresh, left_out } = match(file, mapping);
  expect(fresh).toEqual(['fc.weight', 'fc.bias']);
  expect(left_out).toEqual(['aux1.conv.weight', 'aux1.fc.weight']);
  expect(loaded).toEqual([...weights.keys()].filter((name) => !name.startsWith('fc')));
  expect(state.parameters.get('fc.weight')).toEqual(initialState(plan).parameters.get('fc.weight'));
  expect(state.parameters.get('conv2.weight')).toEqual(weights.get('conv2.weight'));
});

test('a pattern takes no more than what differs, and is said on top of those that are there', () => {
  const file = new Map(weights).set('conv2.weight', numbers([4, 9, 1, 1])).set('fc.bias', numbers([9]));
  file.delete('fc.weight');
  expect(JSON.parse(refusal(file, { ignore: ['fc.*'] }).hint)).toEqual({
    ignore: ['fc.*', 'conv2.*'],
    strip_prefix: null,
  });
});

test('a prefix on all names is told, and what would differ without it', () => {
  const file = new Map([...weights].map(([name, tensor]) => [`module.${name}`, tensor]));
  file.set('module.fc.bias', numbers([9])).set('n_averaged', numbers([]));
  const { lines, hint } = refusal(file);
  expect(lines).toEqual([
    `${weights.size} of the ${file.size} names in the file begin with "module."`,
    'fc.bias: expected [8], got [9]',
    'n_averaged []: not in the model',
  ]);
  const mapping = JSON.parse(hint) as Mapping;
  expect(mapping).toEqual({ ignore: ['fc.*', 'n_averaged'], strip_prefix: 'module.' });
  expect(match(file, mapping).fresh).toEqual(['fc.weight', 'fc.bias']);
});

test('a key that has no effect is a mistake', () => {
  expect(refusal(weights, { strip_prefix: 'model.', ignore: ['head.*', 'fc.*'] }).lines).toEqual([
    'strip_prefix: no name in the file begins with "model."',
    'ignore: "head.*" matches no name of the model or the file',
  ]);
  expect(refusal(weights, { ignore: ['*'] }).lines).toEqual(['ignore: nothing of the file is left to load']);
  const both = new Map(weights).set('module.fc.bias', numbers([8]));
  expect(refusal(both, { strip_prefix: 'module.' }).lines).toEqual([
    'fc.bias: expected once in the file, got it with and without a prefix',
  ]);
});

test('of another network no key is named; axes are not swapped', () => {
  const other = new Map([['features.0.weight', numbers([3])]]);
  expect(refusal(other).hint).toContain('Use the config that the file was trained with');
  const transposed = new Map(weights).set('fc.weight', numbers([4, 8]));
  expect(refusal(transposed).lines).toEqual(['fc.weight: expected [8, 4], got [4, 8]']);
});

test("DenseNet's older names are today's", () => {
  const dense = tinyPlan({
    model: {
      layers: [
        {
          type: 'sequential',
          name: 'features',
          layers: [
            {
              type: 'sequential',
              name: 'denselayer1',
              layers: [
                { type: 'batch_norm', name: 'norm1' },
                { type: 'conv', name: 'conv1', filters: 4, kernel: 1, bias: false },
              ],
            },
          ],
        },
        { type: 'global_avg_pool' },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    },
  });
  const state = stateDict(dense.network, initialState(dense));
  const older = new Map(
    [...state].map(([name, tensor]) => [name.replace(/(norm|conv)1\./, '$1.1.'), tensor]),
  );
  older.delete('features.denselayer1.norm.1.num_batches_tracked');
  expect([...older.keys()]).toContain('features.denselayer1.norm.1.running_mean');
  const found = matchWeights(dense, older, NONE, 'w.pth', () => '');
  expect(stateDict(dense.network, found.state)).toEqual(state);
  // With a prefix, too: both are told apart from what differs.
  const wrapped = new Map([...older].map(([name, tensor]) => [`module.${name}`, tensor]));
  expect(
    matchWeights(dense, wrapped, { ignore: [], strip_prefix: 'module.' }, 'w.pth', () => '').fresh,
  ).toEqual([]);
});

test('a name without end is refused before anything looks at its parts', () => {
  const { lines } = refusal(new Map(weights).set('a.'.repeat(1_000_000), numbers([])));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('expected a name of at most 1000 characters, got 2000000');
});
