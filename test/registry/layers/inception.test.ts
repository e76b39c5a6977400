import { describe, expect, it } from 'vitest';
import { allLayers } from '../../../src/config/network.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { concatenateChannels, convolution, maxPool, relu, type Window } from '../../helpers/naive.js';
import { elements, type Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { planLayers, randomTensors, runStack, tensorShapes } from '../../helpers/run_stack.js';
import { allRunners } from '../../helpers/runners.js';

interface Options {
  readonly conv1x1: number;
  readonly conv3x3_reduce: number | null;
  readonly conv3x3: number;
  readonly conv5x5_reduce: number | null;
  readonly conv5x5: number;
  readonly convpool: number | null;
}

const module = (changes: Partial<Options> = {}) => ({
  type: 'inception',
  name: 'i',
  conv1x1: 2,
  conv3x3_reduce: 3,
  conv3x3: 4,
  conv5x5_reduce: 1,
  conv5x5: 3,
  convpool: 2,
  ...changes,
});

const NAIVE = { conv3x3_reduce: null, conv5x5_reduce: null, convpool: null };

describe('plan', () => {
  it('the first module of the seed', () => {
    const seed = {
      conv1x1: 64,
      conv3x3_reduce: 96,
      conv3x3: 128,
      conv5x5_reduce: 16,
      conv5x5: 32,
      convpool: 32,
    };
    const { network, output, problems } = planLayers([module(seed)], [192, 28, 28]);
    expect(problems).toEqual([]);
    expect(output).toEqual([256, 28, 28]);
    expect(tensorShapes(network)).toEqual([
      ['i.conv1x1.weight', [64, 192, 1, 1]],
      ['i.conv1x1.bias', [64]],
      ['i.conv3x3_reduce.weight', [96, 192, 1, 1]],
      ['i.conv3x3_reduce.bias', [96]],
      ['i.conv3x3.weight', [128, 96, 3, 3]],
      ['i.conv3x3.bias', [128]],
      ['i.conv5x5_reduce.weight', [16, 192, 1, 1]],
      ['i.conv5x5_reduce.bias', [16]],
      ['i.conv5x5.weight', [32, 16, 5, 5]],
      ['i.conv5x5.bias', [32]],
      ['i.convpool.weight', [32, 192, 1, 1]],
      ['i.convpool.bias', [32]],
    ]);
    const weights = tensorShapes(network).filter(([name]) => name.endsWith('weight'));
    const macs = allLayers(network).reduce((sum, layer) => sum + layer.macs, 0);
    expect(macs).toBe(weights.reduce((sum, [, shape]) => sum + elements(shape), 0) * 28 * 28);
    const [, , conv3x3] = allLayers(network);
    const bound = 1 / Math.sqrt(96 * 9);
    expect(conv3x3!.tensors.map(({ init }) => init)).toEqual([
      { kind: 'uniform', bound },
      { kind: 'uniform', bound },
    ]);
  });

  it('the naive module passes its input on through the pooling branch', () => {
    const { network, output } = planLayers([module(NAIVE)], [6, 4, 5]);
    expect(output).toEqual([2 + 4 + 3 + 6, 4, 5]);
    expect(tensorShapes(network).map(([name]) => name)).toEqual([
      ...['i.conv1x1.weight', 'i.conv1x1.bias', 'i.conv3x3.weight', 'i.conv3x3.bias'],
      ...['i.conv5x5.weight', 'i.conv5x5.bias'],
    ]);
  });

  it('tells what is wrong inside at the place of the module', () => {
    const { problems } = planLayers([{ type: 'flatten' }, module()], [3, 4, 5]);
    expect(problems[0]).toMatchObject({
      path: ['model', 'layers', 1],
      actual: expect.stringContaining('60 flat features'),
    });
    const { problems: twice } = planLayers([module(), module()], [3, 4, 5]);
    expect(twice[0]).toMatchObject({ path: ['model', 'layers', 1, 'name'], actual: 'i' });
  });
});

/** The module by its definition, branch by branch. */
function reference(x: Plain, parameters: Record<string, Plain>): Plain {
  const same = (size: number): Window => ({
    kernel: [size, size],
    stride: [1, 1],
    padding: [(size - 1) / 2, (size - 1) / 2],
  });
  const convolve = (name: string, size: number, input: Plain): Plain => {
    const weight = parameters[`i.${name}.weight`];
    // A convolution that the module does not have passes its input on.
    if (!weight) return input;
    return relu(convolution(input, weight, parameters[`i.${name}.bias`]!, same(size)));
  };
  const pooled = maxPool(x, { kernel: [3, 3], stride: [1, 1], padding: [1, 1] });
  return concatenateChannels([
    convolve('conv1x1', 1, x),
    convolve('conv3x3', 3, convolve('conv3x3_reduce', 1, x)),
    convolve('conv5x5', 5, convolve('conv5x5_reduce', 1, x)),
    convolve('convpool', 1, pooled),
  ]);
}

describe.each(allRunners)('on %s', (_name, run) => {
  it.each<[string, Partial<Options>]>([
    ['all reductions', {}],
    ['no 3×3 reduction', { conv3x3_reduce: null }],
    ['no 5×5 reduction', { conv5x5_reduce: null }],
    ['no projection', { convpool: null }],
    ['no reductions, a projection', { conv3x3_reduce: null, conv5x5_reduce: null }],
    ['naive', NAIVE],
  ])('%s', async (_case, changes) => {
    const random = new TestRandom(24);
    const { network, output } = planLayers([module(changes)], [3, 4, 5]);
    const parameters = randomTensors(network, random);
    const x = random.tensor([2, 3, 4, 5]);
    const { y } = await runStack(run, network, { x, tensors: parameters });
    expect(y.shape).toEqual([2, ...output!]);
    expectAllClose(y.values, reference(x, parameters).values);
  });

  it('gradients: the change of a loss along them', async () => {
    const random = new TestRandom(25);
    const { network, output } = planLayers([module({ conv5x5_reduce: null })], [2, 3, 4]);
    const x = random.distinct([1, 2, 3, 4]);
    const parameters = randomTensors(network, random);
    const dy = random.tensor([1, ...output!]);
    const { gradients } = await runStack(run, network, { x, tensors: parameters, dy });
    const loss = (input: Plain, values: Record<string, Plain>) => {
      const { values: y } = reference(input, values);
      return Array.from(y).reduce((sum, value, index) => sum + value * dy.values[index]!, 0);
    };
    // Few enough values to take the difference quotient of each; steps this small change no maximum and few signs.
    const step = 1e-4;
    const quotients = (tensor: Plain, lossAt: (changed: Plain) => number) =>
      Array.from(tensor.values, (_, index) => {
        const moved = (by: number) => {
          const values = Float64Array.from(tensor.values);
          values[index]! += by;
          return lossAt({ ...tensor, values });
        };
        return (moved(step) - moved(-step)) / (2 * step);
      });
    const tolerance = { relative: 1e-3, absolute: 1e-3 };
    expectAllClose(
      gradients.x!.values,
      quotients(x, (changed) => loss(changed, parameters)),
      tolerance,
    );
    for (const [name, tensor] of Object.entries(parameters)) {
      const expected = quotients(tensor, (changed) => loss(x, { ...parameters, [name]: changed }));
      expectAllClose(gradients[name]!.values, expected, tolerance);
    }
  });
});
