import { describe, expect, it } from 'vitest';
import { allLayers, countMacs, countParameters, planNetwork } from '../../src/config/network.js';
import type { Experiment } from '../../src/registry/experiment.js';

type Model = Experiment['model'];
type Layer = Model['layers'][number];

const NO_INIT = { type: 'default', bias: null } as const;

const conv = (name: string, options: object = {}) =>
  ({
    type: 'conv',
    name,
    filters: 4,
    kernel: 3,
    stride: 1,
    padding: 0,
    bias: true,
    dilation: 1,
    groups: 1,
    activation: 'none',
    init: NO_INIT,
    ...options,
  }) as Layer;
const pool = (name: string) => ({ type: 'global_avg_pool', name }) as Layer;
const linear = (name: string, units: number | 'num_classes' = 'num_classes') =>
  ({ type: 'linear', name, units, bias: true, activation: 'none', init: NO_INIT }) as Layer;
const head = (layers: Layer[], options: object = {}) => ({
  name: 'aux',
  after: 'c',
  weight: 1,
  listed_before: null,
  layers,
  ...options,
});

const plan = (layers: Layer[], auxiliary: Model['auxiliary'] = []) =>
  planNetwork({ layers, auxiliary, init: { conv: NO_INIT, linear: NO_INIT } }, [3, 8, 8], { numClasses: 5 });

describe('planNetwork', () => {
  it('follows the shapes, and names parameters by stack', () => {
    const { network, problems } = plan(
      [conv('c'), pool('p'), linear('fc')],
      [head([pool('p'), linear('fc')])],
    );
    expect(problems).toEqual([]);
    expect(network.layers.map(({ name, output }) => [name, output])).toEqual([
      ['c', [4, 6, 6]],
      ['p', [4]],
      ['fc', [5]],
    ]);
    expect(network.auxiliary[0]?.layers.map(({ name, input }) => [name, input])).toEqual([
      ['aux.p', [4, 6, 6]],
      ['aux.fc', [4]],
    ]);
    expect(allLayers(network)).toHaveLength(5);
    expect(countParameters(network)).toBe(4 * 27 + 4 + 2 * (4 * 5 + 5));
    expect(countMacs(network)).toBe(4 * 27 * 36 + 2 * 20);
  });

  it.each([
    ['window larger than its input', [conv('c', { kernel: 9 })], [], 'model.layers.0.kernel', '9 × 9'],
    ['flat input', [pool('p'), conv('c'), linear('fc')], [], 'model.layers.1', /^3 flat features/],
    [
      'feature map before linear',
      [linear('fc')],
      [],
      'model.layers.0',
      /^5 × 8 × 8 \(put flatten or global_avg_pool before it\)/,
    ],
    ['units', [pool('p'), linear('fc', 6)], [], 'model.layers.1.units', '6'],
    ['no classifier', [pool('p')], [], 'model.layers.0', '3'],
    ['a name twice', [conv('c'), conv('c'), pool('p'), linear('fc')], [], 'model.layers.1.name', 'c'],
    [
      'head named as a layer',
      [conv('c'), pool('p'), linear('fc')],
      [head([pool('p'), linear('x')], { name: 'fc' })],
      'model.auxiliary.0.name',
      'fc',
    ],
    [
      'head after nothing',
      [conv('c'), pool('p'), linear('fc')],
      [head([pool('p'), linear('x')], { after: 'conv9' })],
      'model.auxiliary.0.after',
      'conv9',
    ],
    [
      'head listed before nothing',
      [conv('c'), pool('p'), linear('fc')],
      [head([pool('p'), linear('x')], { listed_before: 'aux.x' })],
      'model.auxiliary.0.listed_before',
      'aux.x',
    ],
    [
      'window larger than its grid in a head',
      [conv('c'), pool('p'), linear('fc')],
      [head([conv('x', { kernel: 7 })])],
      'model.auxiliary.0.layers.0.kernel',
      '7 × 7',
    ],
    [
      'units of a head',
      [conv('c'), pool('p'), linear('fc')],
      [head([pool('p'), linear('x', 4)])],
      'model.auxiliary.0.layers.1.units',
      '4',
    ],
  ])('one problem for: %s', (_name, layers, auxiliary, path, actual) => {
    const { problems } = plan(layers, auxiliary);
    expect(problems.map((problem) => problem.path.join('.'))).toEqual([path]);
    expect(problems[0]?.actual).toMatch(actual);
  });

  it('refuses two heads of one name', () => {
    const twice = [head([pool('p'), linear('x')]), head([pool('p'), linear('x')])];
    const { problems } = plan([conv('c'), pool('p'), linear('fc')], twice);
    expect(problems).toMatchObject([{ path: ['model', 'auxiliary', 1, 'name'] }]);
  });

  it('suggests the layer that a head probably means', () => {
    const { problems } = plan(
      [conv('conv1'), pool('p'), linear('fc')],
      [head([pool('p'), linear('x')], { after: 'covn1' })],
    );
    expect(problems).toMatchObject([{ suggestion: 'did you mean conv1?' }]);
  });

  it('says nothing of a head behind a mistake of the main stack', () => {
    const { problems } = plan(
      [conv('a', { kernel: 9 }), conv('c'), pool('p'), linear('fc')],
      [head([linear('x', 3)])],
    );
    expect(problems).toHaveLength(1);
  });
});
