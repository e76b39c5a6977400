import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { batchNorm } from '../../../src/registry/layers/batch_norm.js';
import type { Shape } from '../../../src/registry/layers/layer.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { type Plain, toChannelsFirst, toChannelsLast } from '../../helpers/plain.js';
import { runPython, whyNoPython } from '../../helpers/python.js';
import { TestRandom } from '../../helpers/random.js';
import { allRunners, type Runner } from '../../helpers/runners.js';

interface Case {
  readonly shape: readonly number[];
  readonly affine: boolean;
  readonly momentum: number | null;
  readonly eps: number;
  readonly training: boolean;
}

const cases: readonly Case[] = [
  { shape: [3, 4, 5, 6], affine: true, momentum: 0.1, eps: 1e-5, training: true },
  { shape: [2, 3, 1, 7], affine: true, momentum: 0.3, eps: 1e-3, training: true },
  { shape: [5, 4], affine: true, momentum: 0.1, eps: 1e-5, training: true },
  { shape: [4, 2, 3, 3], affine: false, momentum: null, eps: 1e-5, training: true },
  { shape: [3, 4, 5, 6], affine: true, momentum: 0.1, eps: 1e-5, training: false },
  { shape: [5, 4], affine: false, momentum: 0.1, eps: 1e-5, training: false },
];

/** What PyTorch's state dict holds before the step, and x and dy. */
function given({ shape, affine }: Case) {
  const random = new TestRandom(shape.length + shape[0]!);
  const channels = shape[1]!;
  const positive = Array.from(random.tensor([channels]).values, (value) => 1 + value / 2);
  const scaled = random.tensor([...shape]);
  return {
    x: { ...scaled, values: Array.from(scaled.values, (value) => 3 * value + 40) },
    dy: random.tensor([...shape]),
    weight: affine ? random.tensor([channels]) : null,
    bias: affine ? random.tensor([channels]) : null,
    running_mean: random.tensor([channels]),
    running_var: { shape: [channels], values: positive },
    num_batches_tracked: 6,
  };
}

type Result = Readonly<Record<string, readonly number[]>>;

/** By the definition, in double precision, element by element; the gradient of Σ dy · y by hand. */
function reference(test: Case): Result {
  const { x, dy, weight, bias, running_mean, running_var, num_batches_tracked } = given(test);
  const [batch = 1, channels = 1, ...area] = test.shape;
  const pixels = area.reduce((product, size) => product * size, 1);
  const count = batch * pixels;
  const at = (n: number, c: number, p: number) => (n * channels + c) * pixels + p;
  const each = (c: number) =>
    Array.from({ length: count }, (_, i) => at(Math.floor(i / pixels), c, i % pixels));
  const result: Record<string, number[]> = {
    y: [],
    x: [],
    weight: [],
    bias: [],
    running_mean: [],
    running_var: [],
    num_batches_tracked: [num_batches_tracked + 1],
  };
  for (let c = 0; c < channels; c++) {
    const places = each(c);
    const sum = (value: (place: number) => number) =>
      places.reduce((total, place) => total + value(place), 0);
    const batchMean = sum((i) => x.values[i]!) / count;
    const batchVariance = sum((i) => (x.values[i]! - batchMean) ** 2) / count;
    const mean = test.training ? batchMean : running_mean.values[c]!;
    const variance = test.training ? batchVariance : running_var.values[c]!;
    const sigma = Math.sqrt(variance + test.eps);
    const scale = weight?.values[c] ?? 1;
    const hat = (i: number) => (x.values[i]! - mean) / sigma;
    const sumDy = sum((i) => dy.values[i]!);
    const sumDyHat = sum((i) => dy.values[i]! * hat(i));
    for (const i of places) {
      result.y![i] = hat(i) * scale + (bias?.values[c] ?? 0);
      result.x![i] = test.training
        ? (scale / sigma) * (dy.values[i]! - sumDy / count - (hat(i) * sumDyHat) / count)
        : (scale / sigma) * dy.values[i]!;
    }
    result.weight!.push(sumDyHat);
    result.bias!.push(sumDy);
    const momentum = test.momentum ?? 1 / (num_batches_tracked + 1);
    const moved = (old: number, value: number) => (1 - momentum) * old + momentum * value;
    result.running_mean!.push(moved(running_mean.values[c]!, batchMean));
    result.running_var!.push(moved(running_var.values[c]!, (batchVariance * count) / (count - 1)));
  }
  return result;
}

/** Runs the layer, and its gradient, as training or evaluation does. */
async function run(runner: Runner, test: Case): Promise<Result> {
  const { shape, training, affine, eps, momentum } = test;
  const { x, dy, weight, bias, running_mean, running_var, num_batches_tracked } = given(test);
  const layout = (values: Plain) => (shape.length === 4 ? toChannelsLast(values) : values);
  const back = (values: Plain) => (shape.length === 4 ? toChannelsFirst(values) : values).values;
  const trained = [layout(x), ...(weight && bias ? [weight, bias] : [])];
  const inputs = [
    ...trained,
    layout(dy),
    running_mean,
    running_var,
    { shape: [], values: [num_batches_tracked], type: 'int32' as const },
  ];
  const names = ['y', 'x', ...(affine ? ['weight', 'bias'] : [])];
  const buffers = ['running_mean', 'running_var', 'num_batches_tracked'];
  const results = await runner((tensors) => {
    const next = new Map<string, tf.Tensor>();
    const [upstream, ...state] = tensors.slice(trained.length);
    const forward = (...values: tf.Tensor[]) =>
      batchNorm.forward(
        tf,
        { type: 'batch_norm', name: 'bn', affine, init: 1, eps, momentum },
        {
          training,
          input: shape.slice(1) as unknown as Shape,
          tensor: (name) => ({ weight: values[1], bias: values[2] })[name] ?? state[buffers.indexOf(name)]!,
          setNext: (name, value) => next.set(name, tf.keep(value)),
          mask: undefined,
        },
        values[0]!,
      );
    const y = forward(...tensors.slice(0, trained.length));
    const gradients = tf.grads(forward as () => tf.Tensor)(tensors.slice(0, trained.length), upstream!);
    return [y, ...gradients, ...(training ? buffers.map((name) => next.get(name)!) : [])];
  }, inputs);
  const all = [...names, ...(training ? buffers : [])];
  return Object.fromEntries(
    all.map((name, index) => {
      const result = results[index]!;
      return [name, Array.from(name === 'y' || name === 'x' ? back(result) : result.values)];
    }),
  );
}

const TOLERANCE = { relative: 1e-4, absolute: 2e-4 };

describe.each(allRunners)('batch_norm on %s', (_name, runner) => {
  it.each(cases)('$shape, affine $affine, momentum $momentum, training $training', async (test) => {
    const expected = reference(test);
    const actual = await run(runner, test);
    for (const [name, values] of Object.entries(actual)) expectAllClose(values, expected[name]!, TOLERANCE);
  });
});

const missing = whyNoPython('torch');

it.skipIf(missing)(`the reference is what torch computes${missing ? ` (${missing})` : ''}`, () => {
  const script = `
import json, sys, torch
out = []
for case in json.loads(sys.argv[1]):
    g = case['given']
    t = lambda p: torch.tensor(p['values'], dtype=torch.float64).reshape(p['shape'])
    shape = g['x']['shape']
    kind = torch.nn.BatchNorm2d if len(shape) == 4 else torch.nn.BatchNorm1d
    bn = kind(shape[1], eps=case['eps'], momentum=case['momentum'], affine=case['affine']).double()
    state = {k: t(g[k]) for k in ('weight', 'bias', 'running_mean', 'running_var') if g[k]}
    state['num_batches_tracked'] = torch.tensor(g['num_batches_tracked'])
    bn.load_state_dict(state)
    bn.train(case['training'])
    x = t(g['x']).requires_grad_()
    y = bn(x)
    y.backward(t(g['dy']))
    result = {'y': y, 'x': x.grad, **{k: p.grad for k, p in bn.named_parameters()}}
    if case['training']: result.update(dict(bn.named_buffers()))
    out.append({k: v.detach().double().flatten().tolist() for k, v in result.items()})
print(json.dumps(out))`;
  const plain = ({ shape, values }: Plain) => ({ shape, values: Array.from(values) });
  const asked = cases.map((test) => ({
    ...test,
    given: Object.fromEntries(
      Object.entries(given(test)).map(([name, value]) => [
        name,
        typeof value === 'object' && value !== null ? plain(value as Plain) : value,
      ]),
    ),
  }));
  const answers = runPython(script, JSON.stringify(asked)) as Result[];
  for (const [index, answer] of answers.entries()) {
    const expected = reference(cases[index]!);
    for (const [name, values] of Object.entries(answer))
      expectAllClose(expected[name]!, values, { relative: 1e-9, absolute: 1e-9 });
  }
});

it('plan: the tensors of a BatchNorm2d, in the order of its state dict', () => {
  const options = {
    type: 'batch_norm',
    name: 'bn',
    eps: 1e-5,
    momentum: 0.1,
    affine: true,
    init: 1,
  } as const;
  const { output, tensors, macs } = batchNorm.plan(options, [6, 4, 5], { numClasses: 2 });
  expect([output, macs]).toEqual([[6, 4, 5], 0]);
  expect(tensors.map(({ name, shape, role, dtype }) => [name, shape, role, dtype])).toEqual([
    ['weight', [6], 'parameter', 'float32'],
    ['bias', [6], 'parameter', 'float32'],
    ['running_mean', [6], 'buffer', 'float32'],
    ['running_var', [6], 'buffer', 'float32'],
    ['num_batches_tracked', [], 'buffer', 'int64'],
  ]);
  expect(tensors.map(({ init }) => init)).toEqual(
    [1, 0, 0, 1, 0].map((value) => ({ kind: 'constant', value })),
  );
  expect(batchNorm.plan({ ...options, init: 0 }, [6], { numClasses: 2 }).tensors[0]!.init).toEqual({
    kind: 'constant',
    value: 0,
  });
  expect(batchNorm.plan({ ...options, affine: false }, [6], { numClasses: 2 }).tensors).toHaveLength(3);
});
