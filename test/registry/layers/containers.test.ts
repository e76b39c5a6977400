import { describe, expect, it } from 'vitest';
import { allLayers } from '../../../src/config/network.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { expectAllClose } from '../../helpers/all_close.js';
import {
  concatenateChannels,
  convolution,
  convolutionGradients,
  relu,
  type Window,
} from '../../helpers/naive.js';
import type { Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { planLayers, randomTensors, runStack, tensorShapes } from '../../helpers/run_stack.js';
import { allRunners } from '../../helpers/runners.js';

const conv = (name: string, filters: number, options: object = {}) => ({
  type: 'conv',
  name,
  filters,
  kernel: 3,
  padding: 1,
  ...options,
});
const WINDOW: Window = { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
const INPUT: Shape = [3, 5, 4];
const names = (layers: readonly object[]) =>
  tensorShapes(planLayers(layers, INPUT).network).map(([name]) => name);
const problems = (layers: readonly object[]) =>
  planLayers(layers, INPUT).problems.map(
    ({ path, expected, actual }) => `${path.join('.')}: expected ${expected}, got ${actual}`,
  );

const add = (a: Plain, b: Plain): Plain => ({
  shape: a.shape,
  values: Float32Array.from(a.values, (value, index) => value + b.values[index]!),
});

describe('names', () => {
  const inner = [conv('0', 2, { bias: false }), { type: 'relu' }, conv('2', 3, { bias: false })];

  it('of containers and branches go before those inside; without a name they add nothing', () => {
    expect(names([{ type: 'sequential', name: 'layer1', layers: inner }])).toEqual([
      'layer1.0.weight',
      'layer1.2.weight',
    ]);
    expect(names([{ type: 'sequential', layers: inner }])).toEqual(['0.weight', '2.weight']);
    expect(
      names([
        {
          type: 'residual',
          name: 'r',
          layers: inner,
          shortcut: [{ type: 'sequential', name: 'down', layers: [conv('0', 3, { bias: false })] }],
        },
      ]),
    ).toEqual(['r.0.weight', 'r.2.weight', 'r.down.0.weight']);
    expect(
      names([{ type: 'branches', name: 'b', branches: [{ layers: inner }, { name: 'x', layers: inner }] }]),
    ).toEqual(['b.0.weight', 'b.2.weight', 'b.x.0.weight', 'b.x.2.weight']);
  });

  it('are made for layers without one, each its own', () => {
    const nested = { type: 'residual', layers: [{ type: 'relu' }], shortcut: [{ type: 'relu' }] };
    const { network } = planLayers(
      [nested, nested, { type: 'sequential', name: 's', layers: [nested] }],
      INPUT,
    );
    expect(allLayers(network).map(({ name }) => name)).toEqual([
      'residual-0.layers-0.relu-0',
      'residual-0.shortcut-1.relu-0',
      'residual-1.layers-0.relu-0',
      'residual-1.shortcut-1.relu-0',
      's.residual-0.layers-0.relu-0',
      's.residual-0.shortcut-1.relu-0',
    ]);
  });

  it('are given once', () => {
    const own = 'model.layers.1.layers.0.name: expected a name of its own (model.layers.0 has it), got c';
    expect(problems([conv('c', 3), { type: 'sequential', layers: [conv('c', 3)] }])).toEqual([own]);
    expect(
      problems([{ type: 'branches', branches: [{ layers: [conv('c', 1)] }, { layers: [conv('c', 1)] }] }]),
    ).toEqual([
      'model.layers.0.branches.1.layers.0.name: expected a name of its own (model.layers.0.branches.0.layers.0 has it), got c',
    ]);
    expect(problems([conv('c', 3), { type: 'sequential', name: 's', layers: [conv('c', 3)] }])).toEqual([]);
  });
});

describe('shapes', () => {
  it('of what is added must agree', () => {
    expect(problems([{ type: 'residual', layers: [conv('c', 4)] }])).toEqual([
      'model.layers.0: expected one output shape of layers and shortcut, got 4 × 5 × 4 and 3 × 5 × 4',
    ]);
    const branches = [{ layers: [] }, { layers: [conv('c', 2)] }];
    expect(problems([{ type: 'branches', merge: 'add', branches }])).toEqual([
      'model.layers.0.branches: expected branches with outputs of one shape, got 3 × 5 × 4; 2 × 5 × 4',
    ]);
  });

  it('of what is concatenated must agree but for the channels', () => {
    const uneven = [{ layers: [conv('c', 2, { padding: 0 })] }, { layers: [] }];
    expect(problems([{ type: 'branches', branches: uneven }])).toEqual([
      'model.layers.0.branches: expected branches with outputs of one height and width, got 2 × 3 × 2; 3 × 5 × 4',
    ]);
    const flat = [{ layers: [{ type: 'flatten' }] }, { layers: [{ type: 'global_avg_pool' }] }];
    expect(planLayers([{ type: 'branches', branches: flat }], INPUT).output).toEqual([63]);
    expect(problems([{ type: 'branches', branches: [...flat, { layers: [] }] }])).toHaveLength(1);
  });

  it('a mistake in each stack is told at its place, and nothing behind them', () => {
    const branches = [{ layers: [conv('a', 2, { kernel: 9 })] }, { layers: [conv('b', 2, { kernel: 8 })] }];
    expect(
      problems([
        { type: 'branches', branches },
        { type: 'linear', name: 'fc', units: 3 },
      ]),
    ).toEqual([
      expect.stringMatching(/^model\.layers\.0\.branches\.0\.layers\.0\.kernel: /),
      expect.stringMatching(/^model\.layers\.0\.branches\.1\.layers\.0\.kernel: /),
    ]);
  });
});

describe.each(allRunners)('on %s', (_name, run) => {
  const random = new TestRandom(71);
  const x = random.tensor([2, ...INPUT]);
  const convolve = (tensors: Record<string, Plain>, name: string, input: Plain) =>
    convolution(input, tensors[`${name}.weight`]!, tensors[`${name}.bias`]!, WINDOW);

  it('sequential: one layer after the other', async () => {
    const { network } = planLayers(
      [{ type: 'sequential', name: 's', layers: [conv('a', 2), conv('b', 3)] }],
      INPUT,
    );
    const tensors = randomTensors(network, random);
    const { y } = await runStack(run, network, { x, tensors });
    expectAllClose(y.values, convolve(tensors, 's.b', convolve(tensors, 's.a', x)).values);
  });

  it('residual: a sum with the input, and its gradient', async () => {
    const { network } = planLayers([{ type: 'residual', layers: [conv('a', 3)] }], INPUT);
    const tensors = randomTensors(network, random);
    const dy = random.tensor(x.shape);
    const { y, gradients } = await runStack(run, network, { x, tensors, dy });
    expectAllClose(y.values, add(convolve(tensors, 'a', x), x).values);
    const expected = convolutionGradients(x, tensors['a.weight']!, dy, WINDOW);
    expectAllClose(gradients.x!.values, add(expected.input, dy).values);
    expectAllClose(gradients['a.weight']!.values, expected.filter.values);
  });

  it('residual: a shortcut of its own, ReLU behind the sum', async () => {
    const shortcut = [conv('s', 2, { activation: 'relu' })];
    const { network } = planLayers(
      [{ type: 'residual', layers: [conv('a', 2)], shortcut, activation: 'relu' }],
      INPUT,
    );
    const tensors = randomTensors(network, random);
    const { y } = await runStack(run, network, { x, tensors });
    const sum = add(convolve(tensors, 'a', x), relu(convolve(tensors, 's', x)));
    expectAllClose(y.values, relu(sum).values);
  });

  it.each(['concat', 'add'] as const)(
    'branches: %s, with those computed together and the input',
    async (merge) => {
      const branches = [
        { layers: [conv('a', 3)] },
        { layers: [] },
        { layers: [conv('b', 3), conv('c', 3)] },
        { layers: [conv('d', 3, { activation: 'relu' })] },
      ];
      const { network, output } = planLayers([{ type: 'branches', merge, branches }], INPUT);
      const tensors = randomTensors(network, random);
      const { y } = await runStack(run, network, { x, tensors });
      const outputs = [
        convolve(tensors, 'a', x),
        x,
        convolve(tensors, 'c', convolve(tensors, 'b', x)),
        relu(convolve(tensors, 'd', x)),
      ];
      expect(y.shape).toEqual([2, ...output!]);
      const expected = merge === 'concat' ? concatenateChannels(outputs) : outputs.reduce(add);
      expectAllClose(y.values, expected.values);
    },
  );

  it('branches: of flat features', async () => {
    const branches = [{ layers: [] }, { layers: [{ type: 'relu' }] }];
    const { network } = planLayers([{ type: 'global_avg_pool' }, { type: 'branches', branches }], INPUT);
    const { y } = await runStack(run, network, { x, tensors: {} });
    const size = INPUT[1]! * INPUT[2]!;
    const means = Array.from({ length: 6 }, (_, index) => {
      const channel = Array.from(x.values).slice(index * size, (index + 1) * size);
      return channel.reduce((sum, value) => sum + value, 0) / size;
    });
    const rows = [means.slice(0, 3), means.slice(3)];
    expectAllClose(
      y.values,
      rows.flatMap((row) => [...row, ...row.map((mean) => Math.max(mean, 0))]),
    );
  });
});
