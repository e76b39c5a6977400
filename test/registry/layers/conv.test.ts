import { describe, expect, it } from 'vitest';
import { conv } from '../../../src/registry/layers/conv.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { uniformParameter } from '../../../src/registry/layers/layer.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolution, convolutionGradients, relu } from '../../helpers/naive.js';
import type { Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { runLayer } from '../../helpers/run_layer.js';
import { allRunners } from '../../helpers/runners.js';

type Options = Parameters<typeof conv.plan>[0];

const options = (changes: Partial<Options> = {}): Options => ({
  type: 'conv',
  name: 'c',
  filters: 4,
  kernel: 3,
  stride: 1,
  padding: 0,
  bias: true,
  activation: 'none',
  ...changes,
});
const plan = (changes: Partial<Options>, input: Shape) =>
  conv.plan(options(changes), input, { numClasses: 10 });

describe('plan', () => {
  it('the first layer of the seed', () => {
    expect(plan({ filters: 64, kernel: 7, stride: 2, padding: 1 }, [3, 224, 224])).toEqual({
      output: [64, 110, 110],
      tensors: [
        uniformParameter('weight', [64, 3, 7, 7], 1 / Math.sqrt(147)),
        uniformParameter('bias', [64], 1 / Math.sqrt(147)),
      ],
      macs: 64 * 147 * 110 * 110,
      mask: null,
    });
  });

  it('without bias, height and width apart', () => {
    const changes = { kernel: [2, 5], stride: [2, 1], padding: [0, 2], bias: false } as const;
    expect(plan(changes, [3, 7, 8])).toEqual({
      output: [4, 3, 8],
      tensors: [uniformParameter('weight', [4, 3, 2, 5], 1 / Math.sqrt(30))],
      macs: 4 * 30 * 3 * 8,
      mask: null,
    });
  });

  it('refuses a window larger than its input, and flat features', () => {
    expect(() => plan({ kernel: 5 }, [3, 4, 8])).toThrow('expected a window that fits its 4 × 8 input');
    expect(() => plan({}, [12])).toThrow('got 12 flat features');
  });
});

describe.each(allRunners)('on %s', (_name, run) => {
  const random = new TestRandom(20);

  it.each<[string, Partial<Options>, Shape]>([
    ['3×3', {}, [3, 6, 5]],
    ['without bias', { bias: false }, [3, 6, 5]],
    ['with ReLU', { activation: 'relu' }, [3, 6, 5]],
    ['1×1', { kernel: 1 }, [3, 4, 5]],
    ['1×1 with stride 2', { kernel: 1, stride: 2 }, [3, 5, 4]],
    ['7×7, stride 2, padding 1, as in the seed', { kernel: 7, stride: 2, padding: 1 }, [3, 12, 11]],
    ['height and width apart', { kernel: [2, 4], stride: [3, 1], padding: [1, 2] }, [2, 8, 5]],
    ['padding larger than the kernel', { kernel: 2, padding: 3 }, [2, 3, 4]],
    ['stride larger than the kernel', { kernel: 2, stride: 3 }, [9, 7, 8]],
    ['many channels', { kernel: 3, padding: 1 }, [9, 4, 5]],
  ])('%s', async (_case, changes, shape) => {
    const layer = options(changes);
    const { output, tensors } = plan(changes, shape);
    const values: Record<string, Plain> = Object.fromEntries(
      tensors.map((spec) => [spec.name, random.tensor(spec.shape)]),
    );
    const x = random.tensor([2, ...shape]);
    const dy = random.tensor([2, ...output]);
    const { y, gradients } = await runLayer(run, layer, { x, parameters: values, dy });

    const kernel = values.weight!.shape.slice(2) as [number, number];
    const pair = (size: Options['stride']) => (typeof size === 'number' ? ([size, size] as const) : size);
    const window = { kernel, stride: pair(layer.stride), padding: pair(layer.padding) };
    const linear = convolution(x, values.weight!, values.bias ?? null, window);
    const expected = layer.activation === 'relu' ? relu(linear) : linear;
    expect(y.shape).toEqual([2, ...output]);
    expectAllClose(y.values, expected.values);

    // Where ReLU cut the output off, no gradient comes through.
    const passed = layer.activation === 'relu' ? Array.from(expected.values, (v) => Number(v > 0)) : null;
    const through = passed ? { ...dy, values: passed.map((one, i) => one * dy.values[i]!) } : dy;
    const reference = convolutionGradients(x, values.weight!, through, window);
    expectAllClose(gradients.x!.values, reference.input.values);
    expectAllClose(gradients.weight!.values, reference.filter.values);
    if (layer.bias) expectAllClose(gradients.bias!.values, reference.bias.values);
  });
});
