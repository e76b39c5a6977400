import { beforeAll, describe, expect, it } from 'vitest';
import { allLayers } from '../../../src/config/network.js';
import { expectAllClose } from '../../helpers/all_close.js';
import type { Plain } from '../../helpers/plain.js';
import { askPython, whyNoPython } from '../../helpers/python.js';
import { TestRandom } from '../../helpers/random.js';
import { planLayers, randomTensors, runStack, tensorShapes } from '../../helpers/run_stack.js';
import { allRunners } from '../../helpers/runners.js';

/** A composite, and the module of torchvision that it is: names, order, shapes, values and gradients. */
interface Case {
  readonly name: string;
  readonly options: object;
  readonly shape: readonly [number, number, number];
  /** A Python expression. */
  readonly torch: string;
}

const MODELS = 'torchvision.models';
const V3 = (
  input: number,
  kernel: number,
  hidden: number,
  out: number,
  se: boolean,
  hs: boolean,
  stride: number,
) =>
  `${MODELS}.mobilenetv3.InvertedResidual(${MODELS}.mobilenetv3.InvertedResidualConfig(${input}, ${kernel}, ${hidden},
    ${out}, ${se ? 'True' : 'False'}, "${hs ? 'HS' : 'RE'}", ${stride}, 1, 1),
    lambda c: torch.nn.BatchNorm2d(c, eps=0.001, momentum=0.01))`;
const MB = (ratio: number, kernel: number, stride: number, input: number, out: number) =>
  `${MODELS}.efficientnet.MBConv(${MODELS}.efficientnet.MBConvConfig(${ratio}, ${kernel}, ${stride}, ${input}, ${out}, 1),
    0.0, torch.nn.BatchNorm2d)`;
const DOWN = (planes: number, stride: number, input: number) =>
  `torch.nn.Sequential(torch.nn.Conv2d(${input}, ${planes}, 1, ${stride}, bias=False), torch.nn.BatchNorm2d(${planes}))`;

const cases: readonly Case[] = [
  {
    name: 'basic_block',
    options: { type: 'basic_block', filters: 3 },
    shape: [3, 4, 4],
    torch: `${MODELS}.resnet.BasicBlock(3, 3)`,
  },
  {
    name: 'basic_block that halves',
    options: { type: 'basic_block', filters: 4, stride: 2 },
    shape: [3, 5, 6],
    torch: `${MODELS}.resnet.BasicBlock(3, 4, 2, ${DOWN(4, 2, 3)})`,
  },
  {
    name: 'bottleneck',
    options: { type: 'bottleneck', filters: 2 },
    shape: [8, 3, 4],
    torch: `${MODELS}.resnet.Bottleneck(8, 2)`,
  },
  {
    name: 'bottleneck of ResNeXt',
    options: { type: 'bottleneck', filters: 4, groups: 2, width_per_group: 32, stride: 2 },
    shape: [3, 4, 5],
    torch: `${MODELS}.resnet.Bottleneck(3, 4, 2, ${DOWN(16, 2, 3)}, groups=2, base_width=32)`,
  },
  {
    name: 'conv_norm_activation',
    options: {
      type: 'conv_norm_activation',
      filters: 4,
      kernel: 5,
      stride: 2,
      dilation: 2,
      activation: 'silu',
    },
    shape: [3, 7, 6],
    torch: 'torchvision.ops.Conv2dNormActivation(3, 4, 5, 2, dilation=2, activation_layer=torch.nn.SiLU)',
  },
  {
    name: 'inverted_residual',
    options: { type: 'inverted_residual', filters: 4, expansion: 6 },
    shape: [4, 3, 4],
    torch: `${MODELS}.mobilenetv2.InvertedResidual(4, 4, 1, 6)`,
  },
  {
    name: 'inverted_residual without expansion',
    options: { type: 'inverted_residual', filters: 3, expansion: 1, stride: 2 },
    shape: [4, 5, 4],
    torch: `${MODELS}.mobilenetv2.InvertedResidual(4, 3, 2, 1)`,
  },
  {
    name: 'mb_conv of MobileNetV3',
    options: {
      ...{ type: 'mb_conv', filters: 8, hidden: 24, kernel: 5, squeeze: 'hidden', activation: 'hard_swish' },
      ...{ eps: 1e-3, momentum: 0.01 },
    },
    shape: [8, 4, 3],
    torch: V3(8, 5, 24, 8, true, true, 1),
  },
  {
    name: 'mb_conv of MobileNetV3, no expansion, no squeeze',
    options: {
      type: 'mb_conv',
      filters: 16,
      hidden: 8,
      stride: 2,
      activation: 'relu',
      eps: 1e-3,
      momentum: 0.01,
    },
    shape: [8, 5, 4],
    torch: V3(8, 3, 8, 16, false, false, 2),
  },
  {
    name: 'mb_conv of EfficientNet',
    options: { type: 'mb_conv', filters: 8, expansion: 6, squeeze: 'input' },
    shape: [8, 4, 3],
    torch: MB(6, 3, 1, 8, 8),
  },
  {
    name: 'mb_conv of EfficientNet, no expansion',
    options: { type: 'mb_conv', filters: 16, expansion: 1, kernel: 5, stride: 2, squeeze: 'input' },
    shape: [8, 4, 5],
    torch: MB(1, 5, 2, 8, 16),
  },
  {
    name: 'fire',
    options: { type: 'fire', squeeze: 2, expand1x1: 3, expand3x3: 4 },
    shape: [4, 3, 4],
    torch: `${MODELS}.squeezenet.Fire(4, 2, 3, 4)`,
  },
  {
    name: 'dense_block',
    options: { type: 'dense_block', layers: 3, growth_rate: 2 },
    shape: [4, 3, 4],
    torch: `${MODELS}.densenet._DenseBlock(3, 4, 4, 2, 0.0)`,
  },
  {
    name: 'convnext_block',
    options: { type: 'convnext_block', layer_scale: 0.5 },
    shape: [4, 5, 4],
    torch: `${MODELS}.convnext.CNBlock(4, 0.5, 0.0)`,
  },
  {
    name: 'inception_bn',
    options: {
      ...{ type: 'inception_bn', conv1x1: 2, conv3x3_reduce: 3, conv3x3: 4, conv5x5_reduce: 2, conv5x5: 3 },
      ...{ convpool: 2, eps: 1e-3 },
    },
    shape: [3, 4, 5],
    // The name of the module is that of a function, too.
    torch: `sys.modules["${MODELS}.googlenet"].Inception(3, 2, 3, 4, 2, 3, 2)`,
  },
];

function given({ options, shape }: Case) {
  const { network, output, problems } = planLayers([{ name: 'm', ...options }], shape);
  expect(problems).toEqual([]);
  const random = new TestRandom(41);
  const tensors = randomTensors(network, random);
  return { network, tensors, x: random.tensor([2, ...shape]), dy: random.tensor([2, ...output!]) };
}

const SCRIPT = `
import json, sys, torch, torchvision
out = []
for case in json.load(sys.stdin):
    t = lambda p: torch.tensor(p['values'], dtype=torch.float64).reshape(p['shape'])
    module = eval(case['torch']).double().train()
    for m in module.modules():
        # A ReLU in place would change the input of the module, whose gradient is wanted.
        if hasattr(m, 'inplace'): m.inplace = False
    own = dict(module.state_dict())
    state = [[name, list(value.shape)] for name, value in own.items()]
    own.update({name: t(p) for name, p in case['parameters'].items()})
    module.load_state_dict(own)
    x = t(case['x']).requires_grad_()
    y = module(x)
    if isinstance(y, list): y = torch.cat(y, 1)
    y.backward(t(case['dy']))
    out.append({'state': state, 'y': y.flatten().tolist(), 'gradients': {'x': x.grad.flatten().tolist(),
                **{name: p.grad.flatten().tolist() for name, p in module.named_parameters()}}})
print(json.dumps(out))`;

interface Answer {
  readonly state: readonly (readonly [string, readonly number[]])[];
  readonly y: readonly number[];
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

const local = (name: string) => name.slice('m.'.length);
const missing = whyNoPython('torchvision');
const reason = missing ? ` (${missing})` : '';

/** What torchvision says of every case. */
function ask(): Answer[] {
  const plain = ({ shape, values }: Plain) => ({ shape, values: Array.from(values) });
  return askPython(
    SCRIPT,
    cases.map((test) => {
      const { tensors, x, dy } = given(test);
      const parameters = Object.entries(tensors).map(([name, tensor]) => [local(name), plain(tensor)]);
      return {
        torch: test.torch,
        x: plain(x),
        dy: plain(dy),
        parameters: Object.fromEntries(parameters),
      };
    }),
  ) as Answer[];
}

describe.skipIf(missing)(`as in torchvision${reason}`, () => {
  let answers: readonly Answer[] = [];
  beforeAll(() => {
    answers = ask();
  }, 120_000);
  const numbered = cases.map((test, index) => ({ ...test, index }));

  it.each(numbered)('$name: state dict', ({ index, ...test }) => {
    const own = tensorShapes(given(test).network).map(([name, shape]) => [local(name), shape]);
    expect(own).toEqual(answers[index]!.state);
  });

  describe.each(allRunners)('on %s', (_name, run) => {
    it.each(numbered)('$name: values and gradients in training', async ({ index, ...test }) => {
      const { network, tensors, x, dy } = given(test);
      const expected = answers[index]!;
      const { y, gradients } = await runStack(run, network, { x, tensors, dy });
      // Of two images, some pixels have a variance near eps: what is left of the precision there.
      const tolerance = { relative: 2e-3, absolute: 2e-3 };
      expectAllClose(y.values, expected.y, tolerance);
      for (const [name, values] of Object.entries(expected.gradients)) {
        const own = name === 'x' ? gradients.x! : gradients[`m.${name}`]!;
        expectAllClose(own.values, values, tolerance);
      }
    });
  });
});

it('mb_conv wants either expansion or hidden', () => {
  const problems = (options: object) =>
    planLayers([{ type: 'mb_conv', filters: 8, ...options }], [8, 4, 4]).problems.map(
      ({ path, ...rest }) => ({
        ...rest,
        path: path.join('.'),
      }),
    );
  expect(problems({})).toEqual([
    { path: 'model.layers.0.hidden', expected: 'either expansion or hidden', actual: 'neither' },
  ]);
  expect(problems({ expansion: 2, hidden: 16 })).toMatchObject([{ actual: 'both' }]);
});

it.each([
  ['basic_block', { filters: 3 }, 'bn2'],
  ['bottleneck', { filters: 2 }, 'bn3'],
])('%s with zero_init starts as its shortcut', (type, options, last) => {
  const { network } = planLayers([{ type, name: 'm', zero_init: true, ...options }], [8, 4, 4]);
  const norms = new Map(allLayers(network).map(({ name, tensors }) => [local(name), tensors[0]?.init]));
  expect(norms.get(last)).toEqual({ kind: 'constant', value: 0 });
  expect(norms.get('bn1')).toEqual({ kind: 'constant', value: 1 });
});
