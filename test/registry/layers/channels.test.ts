import { describe, expect, it } from 'vitest';
import { squeezeExcite } from '../../../src/registry/layers/squeeze_excite.js';
import { layerSuite } from '../../helpers/layer_suite.js';
import { elements, type Plain } from '../../helpers/plain.js';
import { planLayers } from '../../helpers/run_stack.js';

/** y[n, o, …] = Σ w[o, i] · x[n, i, …] + b[o] */
function mixed(x: Plain, weight: Plain, bias: Plain): Plain {
  const [batch, channels, ...area] = x.shape as [number, number, ...number[]];
  const pixels = elements(area);
  const outputs = weight.shape[0]!;
  const values = Float64Array.from({ length: batch * outputs * pixels }, (_, index) => {
    const [image, o, pixel] = [
      Math.floor(index / pixels / outputs),
      Math.floor(index / pixels) % outputs,
      index % pixels,
    ];
    let sum = bias.values[o]!;
    for (let i = 0; i < channels; i++)
      sum += weight.values[o * channels + i]! * x.values[(image * channels + i) * pixels + pixel]!;
    return sum;
  });
  return { shape: [batch, outputs, ...area], values };
}

/** Each channel of x times the factor of that channel, or of that channel of that image. */
function scaled(x: Plain, factors: ArrayLike<number>): Plain {
  const pixels = elements(x.shape.slice(2));
  const values = Float64Array.from(x.values, (v, i) => v * factors[Math.floor(i / pixels) % factors.length]!);
  return { shape: x.shape, values };
}

function means(x: Plain): Plain {
  const pixels = elements(x.shape.slice(2));
  const values = Float64Array.from({ length: x.values.length / pixels }, (_, plane) => {
    const all = Array.from(x.values).slice(plane * pixels, (plane + 1) * pixels);
    return all.reduce((sum, value) => sum + value, 0) / pixels;
  });
  return { shape: x.shape.slice(0, 2), values };
}

const PER_PIXEL = `type('L', (torch.nn.Linear,), {'forward': lambda s, x:
  torch.nn.Linear.forward(s, x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)})(3, 4)`;

/** A parameter of that shape, named l, by which the input is multiplied. */
const SCALE = (
  shape: string,
) => `(lambda m: m.register_parameter('l', torch.nn.Parameter(torch.ones(${shape}))) or m)(
  type('S', (torch.nn.Module,), {'forward': lambda s, x: x * s.l})())`;

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const hardSigmoid = (v: number) => Math.min(Math.max(v + 3, 0), 6) / 6;

const excited = (
  x: Plain,
  p: Readonly<Record<string, Plain>>,
  act: (v: number) => number,
  gate: typeof act,
) => {
  const map = (of: Plain, f: typeof act) => ({ shape: of.shape, values: Float64Array.from(of.values, f) });
  const hidden = map(mixed(means(x), p['fc1.weight']!, p['fc1.bias']!), act);
  return scaled(x, map(mixed(hidden, p['fc2.weight']!, p['fc2.bias']!), gate).values);
};

describe('what mixes or weighs channels', () => {
  layerSuite([
    {
      name: 'linear of a feature map',
      options: { type: 'linear', units: 4 },
      shape: [3, 2, 3],
      naive: (x, { weight, bias }) => mixed(x, weight!, bias!),
      torch: PER_PIXEL,
    },
    {
      name: 'squeeze_excite',
      options: { type: 'squeeze_excite', channels: 2 },
      shape: [4, 2, 3],
      naive: (x, p) => excited(x, p, (v) => Math.max(v, 0), sigmoid),
      torch: 'torchvision.ops.SqueezeExcitation(4, 2)',
    },
    {
      name: 'squeeze_excite of MobileNetV3 and of EfficientNet, half and half',
      options: { type: 'squeeze_excite', channels: 3, activation: 'silu', gate: 'hard_sigmoid' },
      shape: [4, 3, 2],
      naive: (x, p) => excited(x, p, (v) => v * sigmoid(v), hardSigmoid),
      torch:
        'torchvision.ops.SqueezeExcitation(4, 3, activation=torch.nn.SiLU, scale_activation=torch.nn.Hardsigmoid)',
    },
  ]);
});

describe('layer_scale', () => {
  layerSuite([
    {
      name: 'of a map',
      options: { type: 'layer_scale' },
      shape: [3, 2, 3],
      naive: (x, parameters) => scaled(x, parameters.l!.values),
      torch: SCALE('3, 1, 1'),
    },
    {
      name: 'of flat features',
      options: { type: 'layer_scale' },
      shape: [3],
      naive: (x, parameters) => scaled(x, parameters.l!.values),
      torch: SCALE('3'),
    },
  ]);
});

it('plan: linear of a feature map counts each pixel', () => {
  const { network, output } = planLayers([{ type: 'linear', name: 'l', units: 4 }], [3, 2, 5]);
  expect([output, network.layers[0]!.macs]).toEqual([[4, 2, 5], 4 * 3 * 2 * 5]);
});

it('a squeeze has the channels of its input', () => {
  const written = squeezeExcite.expand(
    { type: 'squeeze_excite', name: null, channels: 2, activation: 'relu', gate: 'sigmoid' },
    [6, 4, 4],
  );
  expect(JSON.stringify(written)).toContain('"name":"fc2","filters":6');
});
