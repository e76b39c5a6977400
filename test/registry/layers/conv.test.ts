import { describe, expect, it } from 'vitest';
import { conv } from '../../../src/registry/layers/conv.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { uniformParameter } from '../../../src/registry/layers/layer.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { type LayerCase, layerSuite } from '../../helpers/layer_suite.js';
import { convolution, convolutionGradients, relu, type Window } from '../../helpers/naive.js';
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
  dilation: 1,
  groups: 1,
  bias: true,
  activation: 'none',
  init: { type: 'default', bias: null },
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

  it('in groups, with dilation', () => {
    const changes = { filters: 6, groups: 3, dilation: [2, 1], bias: false } as const;
    expect(plan(changes, [9, 7, 8])).toEqual({
      output: [6, 3, 6],
      tensors: [uniformParameter('weight', [6, 3, 3, 3], 1 / Math.sqrt(27))],
      macs: 6 * 27 * 3 * 6,
      mask: null,
    });
    expect(() => plan({ groups: 2 }, [9, 7, 8])).toThrow('a divisor of its 9 input channels and 4 filters');
  });

  it('padding same keeps height and width', () => {
    expect(plan({ kernel: [4, 5], padding: 'same', dilation: [3, 1] }, [3, 5, 4]).output).toEqual([4, 5, 4]);
    expect(() => plan({ padding: 'same', stride: [1, 2] }, [3, 5, 4])).toThrow('same needs stride 1');
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
    const window = { kernel, stride: pair(layer.stride), padding: pair(layer.padding as Options['stride']) };
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

const WINDOW: Window = { kernel: [3, 3], stride: [1, 1], padding: [0, 0] };

/** A convolution, and the arguments of torch.nn.Conv2d behind those of the channels. */
function general(
  name: string,
  options: Record<string, unknown>,
  shape: readonly [number, number, number],
  window: Partial<Window>,
  torch: string,
): LayerCase {
  const whole = { ...WINDOW, ...window };
  const all = { type: 'conv', kernel: [...whole.kernel], stride: [...whole.stride], ...options };
  return {
    name,
    shape,
    options: { ...all, filters: options.filters ?? 4 },
    naive: (x, { weight, bias }) => convolution(x, weight!, bias ?? null, whole),
    torch: `torch.nn.Conv2d(${shape[0]}, ${options.filters ?? 4}, ${JSON.stringify(whole.kernel)}, ${torch})`,
  };
}

describe('in groups, with dilation, with padding same', () => {
  layerSuite([
    general('two groups', { groups: 2 }, [4, 4, 5], {}, 'groups=2'),
    general(
      'depthwise, padded',
      { groups: 4, padding: 1, bias: false },
      [4, 4, 3],
      { padding: [1, 1] },
      'padding=1, groups=4, bias=False',
    ),
    general(
      'depthwise, stride 2, a row left over',
      { groups: 4, padding: 1 },
      [4, 6, 5],
      { stride: [2, 2], padding: [1, 1] },
      'stride=2, padding=1, groups=4',
    ),
    general(
      'depthwise, two filters a channel, strides apart',
      { groups: 2, padding: [0, 2] },
      [2, 5, 5],
      { kernel: [2, 4], stride: [1, 3], padding: [0, 2] },
      'stride=(1, 3), padding=(0, 2), groups=2',
    ),
    general(
      'padding larger than the window',
      { groups: 2, padding: 3 },
      [2, 3, 2],
      { kernel: [2, 2], padding: [3, 3] },
      'padding=3, groups=2',
    ),
    general('1×1 in groups', { groups: 2 }, [4, 3, 4], { kernel: [1, 1] }, 'groups=2'),
    general('dilation', { dilation: 2 }, [2, 6, 5], { dilation: [2, 2] }, 'dilation=2'),
    general(
      'dilation and stride',
      { dilation: [2, 1], padding: 1 },
      [2, 6, 5],
      { stride: [2, 2], padding: [1, 1], dilation: [2, 1] },
      'stride=2, padding=1, dilation=(2, 1)',
    ),
    general(
      'dilation, stride and groups',
      { dilation: 2, groups: 2, padding: 2 },
      [4, 5, 4],
      { stride: [2, 2], padding: [2, 2], dilation: [2, 2] },
      'stride=2, padding=2, dilation=2, groups=2',
    ),
    general(
      'same, an odd one below and right',
      { padding: 'same' },
      [2, 4, 5],
      { kernel: [4, 2], padding: [1, 0], paddingEnd: [2, 1] },
      "padding='same'",
    ),
    general(
      'same, dilated, depthwise',
      { padding: 'same', dilation: [1, 3], groups: 4 },
      [4, 3, 4],
      { kernel: [3, 2], padding: [1, 1], paddingEnd: [1, 2], dilation: [1, 3] },
      "padding='same', dilation=(1, 3), groups=4",
    ),
  ]);
});
