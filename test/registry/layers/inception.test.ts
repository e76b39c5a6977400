import { describe, expect, it } from 'vitest';
import { inception } from '../../../src/registry/layers/inception.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { concatenateChannels, convolution, maxPool, relu, type Window } from '../../helpers/naive.js';
import { elements, type Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

type Options = Parameters<typeof inception.plan>[0];

const options = (changes: Partial<Options> = {}): Options => ({
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
    const seed = options({
      conv1x1: 64,
      conv3x3_reduce: 96,
      conv3x3: 128,
      conv5x5_reduce: 16,
      conv5x5: 32,
      convpool: 32,
    });
    const { output, tensors, macs, mask } = inception.plan(seed, [192, 28, 28], { numClasses: 10 });
    expect(output).toEqual([256, 28, 28]);
    expect(mask).toBeNull();
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['conv1x1.weight', [64, 192, 1, 1]],
      ['conv1x1.bias', [64]],
      ['conv3x3_reduce.weight', [96, 192, 1, 1]],
      ['conv3x3_reduce.bias', [96]],
      ['conv3x3.weight', [128, 96, 3, 3]],
      ['conv3x3.bias', [128]],
      ['conv5x5_reduce.weight', [16, 192, 1, 1]],
      ['conv5x5_reduce.bias', [16]],
      ['conv5x5.weight', [32, 16, 5, 5]],
      ['conv5x5.bias', [32]],
      ['convpool.weight', [32, 192, 1, 1]],
      ['convpool.bias', [32]],
    ]);
    const weights = tensors.filter(({ name }) => name.endsWith('weight'));
    expect(macs).toBe(weights.reduce((sum, { shape }) => sum + elements(shape), 0) * 28 * 28);
    expect(tensors[4]!.init).toEqual({ kind: 'uniform', bound: 1 / Math.sqrt(96 * 9) });
    expect(tensors[5]!.init).toEqual({ kind: 'uniform', bound: 1 / Math.sqrt(96 * 9) });
  });

  it('its branches for drawings: what each operation makes, and together its output', () => {
    const shown = (changes: Partial<Options>) =>
      inception.branches!(options(changes), [6, 4, 5]).map((chain) =>
        chain.map(({ name, operation, output }) => `${name}: ${operation}: ${output}`),
      );
    expect(shown({})).toEqual([
      ['conv1x1: conv 1×1, relu: 2,4,5'],
      ['conv3x3_reduce: conv 1×1, relu: 3,4,5', 'conv3x3: conv 3×3, relu: 4,4,5'],
      ['conv5x5_reduce: conv 1×1, relu: 1,4,5', 'conv5x5: conv 5×5, relu: 3,4,5'],
      ['pool: max_pool 3×3: 6,4,5', 'convpool: conv 1×1, relu: 2,4,5'],
    ]);
    expect(shown(NAIVE)).toEqual([
      ['conv1x1: conv 1×1, relu: 2,4,5'],
      ['conv3x3: conv 3×3, relu: 4,4,5'],
      ['conv5x5: conv 5×5, relu: 3,4,5'],
      ['pool: max_pool 3×3: 6,4,5'],
    ]);
  });

  it('the naive module passes its input on through the pooling branch', () => {
    const { output, tensors } = inception.plan(options(NAIVE), [6, 4, 5], { numClasses: 10 });
    expect(output).toEqual([2 + 4 + 3 + 6, 4, 5]);
    expect(tensors.map(({ name, shape }) => [name, shape])).toEqual([
      ['conv1x1.weight', [2, 6, 1, 1]],
      ['conv1x1.bias', [2]],
      ['conv3x3.weight', [4, 6, 3, 3]],
      ['conv3x3.bias', [4]],
      ['conv5x5.weight', [3, 6, 5, 5]],
      ['conv5x5.bias', [3]],
    ]);
  });

  it('refuses flat features', () => {
    expect(() => inception.plan(options(), [12], { numClasses: 10 })).toThrow('got 12 flat features');
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
    const weight = parameters[`${name}.weight`];
    // A convolution that the module does not have passes its input on.
    if (!weight) return input;
    return relu(convolution(input, weight, parameters[`${name}.bias`]!, same(size)));
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
    const layer = options(changes);
    const plan = inception.plan(layer, [3, 4, 5], { numClasses: 10 });
    const parameters = Object.fromEntries(
      plan.tensors.map(({ name, shape }) => [name, random.tensor(shape)]),
    );
    const x = random.tensor([2, 3, 4, 5]);
    const { y } = await runLayer(run, layer, { x, parameters });
    expect(y.shape).toEqual([2, ...plan.output]);
    expectAllClose(y.values, reference(x, parameters).values);
  });

  it('gradients: the change of a loss along them', async () => {
    const random = new TestRandom(25);
    const layer = options({ conv5x5_reduce: null });
    const plan = inception.plan(layer, [2, 3, 4], { numClasses: 10 });
    const x = random.distinct([1, 2, 3, 4]);
    const parameters = Object.fromEntries(
      plan.tensors.map(({ name, shape }) => [name, random.tensor(shape)]),
    );
    const dy = random.tensor([1, ...plan.output]);
    const { gradients } = await runLayer(run, layer, { x, parameters, dy });
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
