import { describe } from 'vitest';
import { type LayerCase, layerSuite } from '../../helpers/layer_suite.js';
import type { Plain } from '../../helpers/plain.js';

/** Places of x [batch, channels, …] that are normalized together, by the number that `groupOf` gives each place. */
function normalized(
  x: Plain,
  eps: number,
  groupOf: (image: number, channel: number, pixel: number) => string,
) {
  const [, channels = 1, ...area] = x.shape;
  const pixels = area.reduce((product, size) => product * size, 1);
  const groups = new Map<string, number[]>();
  for (let i = 0; i < x.values.length; i++) {
    const channel = Math.floor(i / pixels) % channels;
    const key = groupOf(Math.floor(i / pixels / channels), channel, i % pixels);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  }
  const values = new Float64Array(x.values.length);
  for (const places of groups.values()) {
    const mean = places.reduce((sum, i) => sum + x.values[i]!, 0) / places.length;
    const variance = places.reduce((sum, i) => sum + (x.values[i]! - mean) ** 2, 0) / places.length;
    for (const i of places) values[i] = (x.values[i]! - mean) / Math.sqrt(variance + eps);
  }
  return { shape: x.shape, values };
}

/** A scale and shift for each element of an image, or for each channel, whichever the parameters have. */
function affine(x: Plain, { weight, bias }: Readonly<Record<string, Plain>>): Plain {
  if (!weight || !bias) return x;
  const image = x.values.length / x.shape[0]!;
  const each = image / weight.values.length;
  const at = (i: number) => Math.floor((i % image) / each);
  const values = Float64Array.from(x.values, (v, i) => v * weight.values[at(i)]! + bias.values[at(i)]!);
  return { shape: x.shape, values };
}

/** As ConvNeXt has it: over the channels of a map [batch, channels, height, width]. */
const LAYER_NORM_2D = 'torchvision.models.convnext.LayerNorm2d';

const layerNorms: LayerCase[] = [
  {
    name: 'layer_norm of flat features',
    options: { type: 'layer_norm' },
    shape: [7],
    naive: (x, p) =>
      affine(
        normalized(x, 1e-5, (image) => `${image}`),
        p,
      ),
    torch: 'torch.nn.LayerNorm(7)',
  },
  {
    name: 'layer_norm over channels',
    options: { type: 'layer_norm', eps: 1e-2 },
    shape: [5, 2, 3],
    naive: (x, p) =>
      affine(
        normalized(x, 1e-2, (image, _channel, pixel) => `${image}:${pixel}`),
        p,
      ),
    torch: `${LAYER_NORM_2D}(5, eps=1e-2)`,
  },
  {
    name: 'layer_norm over the whole map',
    options: { type: 'layer_norm', over: 'all' },
    shape: [3, 2, 4],
    naive: (x, p) =>
      affine(
        normalized(x, 1e-5, (image) => `${image}`),
        p,
      ),
    torch: 'torch.nn.LayerNorm((3, 2, 4))',
  },
  {
    name: 'layer_norm without scale and shift',
    options: { type: 'layer_norm', over: 'all', affine: false },
    shape: [3, 2, 2],
    naive: (x) => normalized(x, 1e-5, (image) => `${image}`),
    torch: 'torch.nn.LayerNorm((3, 2, 2), elementwise_affine=False)',
  },
];

const groupNorms: LayerCase[] = [
  {
    name: 'group_norm of a map',
    options: { type: 'group_norm', groups: 2 },
    shape: [4, 3, 2],
    naive: (x, p) =>
      affine(
        normalized(x, 1e-5, (image, channel) => `${image}:${channel >> 1}`),
        p,
      ),
    torch: 'torch.nn.GroupNorm(2, 4)',
  },
  {
    name: 'group_norm of flat features',
    options: { type: 'group_norm', groups: 2, eps: 1e-3 },
    shape: [8],
    naive: (x, p) =>
      affine(
        normalized(x, 1e-3, (image, channel) => `${image}:${channel >> 2}`),
        p,
      ),
    torch: 'torch.nn.GroupNorm(2, 8, eps=1e-3)',
  },
];

/** x · (k + alpha/size · Σ x²)^−beta */
function localResponse(x: Plain, size: number, alpha: number, beta: number, k: number): Plain {
  const [, channels = 1, ...area] = x.shape;
  const pixels = area.reduce((product, each) => product * each, 1);
  const before = Math.floor(size / 2);
  const values = Float64Array.from(x.values, (value, i) => {
    const channel = Math.floor(i / pixels) % channels;
    let sum = 0;
    for (let c = Math.max(0, channel - before); c < Math.min(channels, channel - before + size); c++) {
      sum += x.values[i + (c - channel) * pixels]! ** 2;
    }
    return value * (k + (alpha / size) * sum) ** -beta;
  });
  return { shape: x.shape, values };
}

const localResponseNorms: LayerCase[] = [
  {
    name: 'local_response_norm, strong',
    options: { type: 'local_response_norm', size: 5, alpha: 0.5, k: 2 },
    shape: [6, 2, 3],
    naive: (x) => localResponse(x, 5, 0.5, 0.75, 2),
    torch: 'torch.nn.LocalResponseNorm(5, alpha=0.5, k=2)',
  },
  {
    name: 'local_response_norm of an even size',
    options: { type: 'local_response_norm', size: 4, alpha: 0.3, beta: 0.5 },
    shape: [5, 2, 2],
    naive: (x) => localResponse(x, 4, 0.3, 0.5, 1),
    torch: 'torch.nn.LocalResponseNorm(4, alpha=0.3, beta=0.5)',
  },
  {
    name: 'local_response_norm by default',
    options: { type: 'local_response_norm', size: 2 },
    shape: [3, 2, 2],
    naive: (x) => localResponse(x, 2, 1e-4, 0.75, 1),
    torch: 'torch.nn.LocalResponseNorm(2)',
  },
];

describe('normalization', () => {
  layerSuite([...layerNorms, ...groupNorms, ...localResponseNorms]);
});
