import { describe, expect, it } from 'vitest';
import { planFromResolved } from '../../src/config/load_plan.js';
import { ConfigError } from '../../src/config/problem.js';
import type { Plan } from '../../src/config/resolve.js';
import { initialState } from '../../src/model/state.js';
import { trainedSpecs } from '../../src/model/state_specs.js';
import { allPrograms, randomBatch, trainOn } from '../helpers/programs.js';
import { batchNormPlan } from '../helpers/small_plan.js';
import { minimalConfig } from './minimal_config.js';

const NETWORK = {
  layers: [
    { type: 'conv', name: 'conv1', filters: 4, kernel: 3 },
    { type: 'batch_norm', name: 'bn1' },
    {
      type: 'sequential',
      name: 'layer1',
      layers: [
        { type: 'conv', name: 'conv1', filters: 4, kernel: 3, bias: false },
        { type: 'batch_norm', name: 'bn1' },
      ],
    },
    { type: 'global_avg_pool' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ],
  auxiliary: [
    {
      name: 'head',
      after: 'conv1',
      weight: 0.3,
      layers: [{ type: 'global_avg_pool' }, { type: 'linear', name: 'fc', units: 'num_classes' }],
    },
  ],
};
const ALL = [
  'conv1.weight',
  'conv1.bias',
  'bn1.weight',
  'bn1.bias',
  'layer1.conv1.weight',
  'layer1.bn1.weight',
  'layer1.bn1.bias',
  'fc.weight',
  'fc.bias',
  'head.fc.weight',
  'head.fc.bias',
];

const planOf = (groups: unknown, model: object = NETWORK): Plan =>
  planFromResolved(minimalConfig({ model, parameter_groups: groups }), 'test');
const freeze = (...match: string[]) => [{ match, frozen: true }];
const frozenBy = (groups: unknown) => ALL.filter((name) => planOf(groups).frozen.has(name));

function problemsOf(groups: unknown, model?: object): string[] {
  try {
    planOf(groups, model);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, expected, actual }) => `${path}: expected ${expected}, got ${actual}`);
  }
}

const NAMES =
  'a name of parameters (such as conv1.weight; * stands for any characters) or a kind of them (norm, bias, weight)';

describe('what a pattern matches', () => {
  it.each([
    ['conv1.weight', ['conv1.weight']],
    ['conv1.*', ['conv1.weight', 'conv1.bias']],
    ['*.bn1.*', ['layer1.bn1.weight', 'layer1.bn1.bias']],
    ['*bn1.*', ['bn1.weight', 'bn1.bias', 'layer1.bn1.weight', 'layer1.bn1.bias']],
    ['layer1.*.weight', ['layer1.conv1.weight', 'layer1.bn1.weight']],
    ['*fc*bias', ['fc.bias', 'head.fc.bias']],
    ['head.*', ['head.fc.weight', 'head.fc.bias']],
    ['fc.weight*', ['fc.weight']],
    ['f**c.weight', ['fc.weight']],
    ['norm', ['bn1.weight', 'bn1.bias', 'layer1.bn1.weight', 'layer1.bn1.bias']],
    ['bias', ['conv1.bias', 'fc.bias', 'head.fc.bias']],
    ['weight', ['conv1.weight', 'layer1.conv1.weight', 'fc.weight', 'head.fc.weight']],
  ])('%s', (pattern, names) => expect(frozenBy(freeze(pattern))).toEqual(names));

  it.each([
    // A piece of the pattern must not be found twice in the same characters.
    'fc.weight*weight',
    'conv1*conv1.weight',
    'conv1',
    'onv1.weight',
    'conv1.weigh',
    'CONV1.weight',
    'conv1.w?ight',
    'conv1.[w]eight',
    'bn1.running_mean',
    'norms',
  ])('%s: nothing, which is a mistake', (pattern) =>
    expect(problemsOf(freeze('fc.*', pattern))).toEqual([
      `parameter_groups.0.match.1: expected ${NAMES}, got ${pattern}, which matches none`,
    ]),
  );

  it('no pattern makes it slow', () => {
    const pattern = `${'*a'.repeat(5000)}b`;
    expect(problemsOf(freeze(pattern))).toHaveLength(1);
  });
});

describe('groups', () => {
  it('the first that matches decides', () => {
    const groups = [
      { match: ['*.bias', 'bn1.*'], frozen: false },
      { match: ['norm', 'conv1.*'], frozen: true },
    ];
    expect(frozenBy(groups)).toEqual(['conv1.weight', 'layer1.bn1.weight']);
  });

  it('none freeze nothing', () => expect(frozenBy([])).toEqual([]));

  it('numbers for what is frozen, and a group that decides nothing, are mistakes', () => {
    const frozen = { match: ['fc.*'], frozen: true, learning_rate_factor: 2, weight_decay: 0 };
    expect(problemsOf([frozen])).toEqual([
      'parameter_groups.0.learning_rate_factor: expected no such key: frozen parameters have no learning rate, got 2',
      'parameter_groups.0.weight_decay: expected no such key: frozen parameters do not decay, got 0',
    ]);
    expect(problemsOf([...freeze('norm', 'fc.*'), { match: ['bn1.*', 'fc.bias'], weight_decay: 0 }])).toEqual(
      [
        'parameter_groups.1.match: expected a parameter that no group before this one matches, got bn1.*, fc.bias',
      ],
    );
  });

  it('every mistake is told with its place', () =>
    expect(problemsOf([...freeze('norm', 'x'), { match: ['y'], weight_decay: 0 }])).toEqual([
      `parameter_groups.0.match.1: expected ${NAMES}, got x, which matches none`,
      `parameter_groups.1.match.0: expected ${NAMES}, got y, which matches none`,
    ]));

  it.each([['*'], ['norm', 'bias', 'weight']])('that leave nothing to train are refused: %s', (...match) =>
    expect(problemsOf(freeze(...match))).toEqual([
      'parameter_groups: expected a parameter that is left to train, got groups that freeze all of them',
    ]),
  );

  it('may match what is behind a mistake in the network', () => {
    const broken = { layers: [NETWORK.layers[0], { type: 'linear', name: 'fc', units: 'num_classes' }] };
    const problems = problemsOf(freeze('fc.*'), broken);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('model.layers.1');
  });

  it.each([
    [[{ match: [], frozen: true }], 'parameter_groups.0.match'],
    [[{ match: [''], frozen: true }], 'parameter_groups.0.match.0'],
    [[{ match: 'norm', frozen: true }], 'parameter_groups.0.match'],
    [[{ match: [3], frozen: true }], 'parameter_groups.0.match.0'],
    [[{ match: ['norm'], frozen: 'yes' }], 'parameter_groups.0.frozen'],
    [[{ match: ['norm'] }], 'parameter_groups.0'],
    [[{ match: ['norm'], frozen: true, weight_decay: 0 }], 'parameter_groups.0.weight_decay'],
    [{ match: ['norm'], frozen: true }, 'parameter_groups'],
  ])('of the wrong kind are refused: %j', (groups, path) => {
    const problems = problemsOf(groups);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}: `));
  });
});

describe.each(allPrograms)('frozen parameters on %s', { timeout: 120_000 }, (_name, open) => {
  it.each(['sgd', 'adam'] as const)('have no gradient and no slot of %s, and stay', async (type) => {
    const optimizer = type === 'sgd' ? { type, momentum: 0.9, weight_decay: 0.1 } : { type };
    const plan = batchNormPlan({ optimizer, parameter_groups: freeze('block.*', 'fc.bias') });
    const trained = [...trainedSpecs(plan).keys()];
    expect(trained).toEqual([
      'bn0.weight',
      'bn0.bias',
      'conv1.weight',
      'bn1.weight',
      'bn1.bias',
      'fc.weight',
    ]);
    const before = initialState(plan);
    for (const tensors of before.slots.values()) expect([...tensors.keys()]).toEqual(trained);
    const program = await open(plan, initialState(plan));
    await program.backward(randomBatch(plan, 3, 1), new Map());
    expect([...(await program.gradients()).keys()]).toEqual(trained);
    const { state } = await trainOn(program, plan, [3, 3]);
    expect([...state.slots.keys()]).toEqual([...before.slots.keys()]);
    for (const tensors of state.slots.values()) expect([...tensors.keys()]).toEqual(trained);
    for (const [name, tensor] of before.parameters)
      if (trained.includes(name)) expect(state.parameters.get(name), name).not.toEqual(tensor);
      else expect(state.parameters.get(name), name).toEqual(tensor);
    program.dispose();
  });
});
