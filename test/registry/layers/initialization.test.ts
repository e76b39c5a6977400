import { describe, expect, it } from 'vitest';
import { allLayers, planNetwork } from '../../../src/config/network.js';
import { validateExperiment } from '../../../src/config/validate.js';
import { initialState } from '../../../src/model/state.js';
import type { Initialization } from '../../../src/registry/layers/layer.js';
import { minimalConfig } from '../../config/minimal_config.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { askPython, whyNoPython } from '../../helpers/python.js';
import { smallPlan } from '../../helpers/small_plan.js';

const fc = (options: object = {}) => ({ type: 'linear', name: 'fc', units: 'num_classes', ...options });
const conv = (name: string, options: object = {}) => ({
  ...{ type: 'conv', name, filters: 24, kernel: 5, padding: 2 },
  ...options,
});

/** How weight and bias of each layer start, where the layers are those of an image of 12 × 9 × 9 in 7 classes. */
function inits(layers: readonly object[], init?: object): Map<string, Initialization[]> {
  const validated = validateExperiment(minimalConfig({ model: { layers, ...(init && { init }) } }));
  if ('problems' in validated) throw new Error(JSON.stringify(validated.problems));
  const { network, problems } = planNetwork(validated.experiment.model, [12, 9, 9], { numClasses: 7 });
  expect(problems).toEqual([]);
  return new Map(allLayers(network).map(({ name, tensors }) => [name, tensors.map((tensor) => tensor.init)]));
}

/** A convolution of 24 filters 5 × 5 in 3 groups: fan_in 4 · 25, fan_out 24 · 25. And what torch calls it. */
const cases: readonly [object, number, string][] = [
  [{ type: 'kaiming_normal' }, Math.sqrt(2 / 100), 'kaiming_normal_(w, nonlinearity="relu")'],
  [{ type: 'kaiming_normal', mode: 'fan_out' }, Math.sqrt(2 / 600), 'kaiming_normal_(w, mode="fan_out")'],
  [{ type: 'kaiming_normal', slope: 0.5 }, Math.sqrt(2 / 1.25 / 100), 'kaiming_normal_(w, a=0.5)'],
  [{ type: 'kaiming_normal', slope: 1 }, 0.1, 'kaiming_normal_(w, nonlinearity="linear")'],
  [{ type: 'kaiming_uniform' }, Math.sqrt(2 / 100), 'kaiming_uniform_(w)'],
  [{ type: 'xavier_normal' }, Math.sqrt(2 / 700), 'xavier_normal_(w)'],
  [{ type: 'xavier_uniform', gain: 3 }, 3 * Math.sqrt(2 / 700), 'xavier_uniform_(w, gain=3)'],
  [{ type: 'normal', std: 0.3 }, 0.3, 'normal_(w, std=0.3)'],
  [{ type: 'truncated_normal', std: 0.02 }, 0.02, 'trunc_normal_(w, std=0.02)'],
  // Of a normal without what is beyond ±1 σ, σ = 2.
  [{ type: 'truncated_normal', std: 2 }, 2 * 0.53956, 'trunc_normal_(w, std=2)'],
  [{ type: 'uniform', bound: 0.6 }, 0.6 / Math.sqrt(3), 'uniform_(w, -0.6, 0.6)'],
  [{ type: 'constant', value: 0.25 }, 0, 'constant_(w, 0.25)'],
  [{ type: 'default' }, 1 / Math.sqrt(300), 'kaiming_uniform_(w, a=5 ** 0.5)'],
];

const deviation = (values: ArrayLike<number>) => {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  return Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / all.length);
};

describe('the deviation of what is drawn', () => {
  it.each(cases)('%j', (init, expected) => {
    const layers = [conv('c', { groups: 3, init }), { type: 'global_avg_pool' }, fc()];
    const state = initialState(smallPlan({ layers, image: [12, 9, 9] }));
    const { data } = state.parameters.get('c.weight')!;
    // 2,400 numbers: their deviation is known to some 1.5 %.
    expect(Math.abs(deviation(data) - expected)).toBeLessThanOrEqual(0.06 * expected);
    const largest = Math.max(...Array.from(data, Math.abs));
    if (/uniform/.test(JSON.stringify(init))) expect(largest).toBeLessThanOrEqual(Math.sqrt(3) * expected);
    if (/truncated/.test(JSON.stringify(init))) expect(largest).toBeLessThanOrEqual(2);
  });

  const missing = whyNoPython('torch');
  it.skipIf(missing)(`is that of torch.nn.init${missing ? ` (${missing})` : ''}`, () => {
    const script = `
import json, sys, torch
from torch.nn.init import *
torch.manual_seed(3)
out = []
for call in json.load(sys.stdin):
    # A hundred times the weight, for its deviation.
    ws = [torch.empty(24, 4, 5, 5) for _ in range(100)]
    for w in ws: eval(call)
    out.append(torch.cat([w.flatten() for w in ws]).double().std().item())
print(json.dumps(out))`;
    const actual = askPython(
      script,
      cases.map(([, , call]) => call),
    ) as number[];
    expectAllClose(
      actual,
      cases.map(([, expected]) => expected),
      { relative: 0.01, absolute: 0 },
    );
  });
});

describe('who says how a weight starts', () => {
  const pool = { type: 'global_avg_pool' };
  const zero = { kind: 'constant', value: 0 };

  it("PyTorch's default where nobody does", () => {
    const bound = { kind: 'uniform', bound: 1 / Math.sqrt(300) };
    expect(inits([conv('c'), pool, fc()]).get('c')).toEqual([bound, bound]);
  });

  it('the model, by the type of the layer, in composites, too', () => {
    const init = {
      conv: { type: 'kaiming_normal', mode: 'fan_out', bias: 0 },
      linear: { type: 'normal', std: 0.01 },
    };
    const all = inits([conv('c'), { type: 'basic_block', name: 'b', filters: 24 }, pool, fc()], init);
    expect(all.get('c')).toEqual([{ kind: 'normal', std: Math.sqrt(2 / 600) }, zero]);
    expect(all.get('b.conv1')).toEqual([{ kind: 'normal', std: Math.sqrt(2 / (24 * 9)) }]);
    expect(all.get('fc')).toEqual([
      { kind: 'normal', std: 0.01 },
      { kind: 'uniform', bound: 1 / Math.sqrt(24) },
    ]);
    expect(all.get('b.bn1')![0]).toEqual({ kind: 'constant', value: 1 });
  });

  it('the layer itself, first', () => {
    const init = { linear: { type: 'normal', std: 0.01, bias: 0 } };
    const own = { type: 'uniform', bound: 0.5 };
    expect(inits([pool, fc({ init: own })], init).get('fc')).toEqual([
      { kind: 'uniform', bound: 0.5 },
      { kind: 'uniform', bound: 1 / Math.sqrt(12) },
    ]);
    // A bias of its own leaves the weight to PyTorch's default.
    expect(inits([pool, fc({ init: { type: 'default', bias: 0.2 } })], init).get('fc')).toEqual([
      { kind: 'uniform', bound: 1 / Math.sqrt(12) },
      { kind: 'constant', value: 0.2 },
    ]);
  });
});

it('draws depend on the seed and the name of the tensor alone', () => {
  const weight = (layers: readonly object[], seed: number) => {
    const plan = smallPlan({ layers, seed, image: [12, 9, 9] });
    return initialState(plan).parameters.get('c.weight')!.data;
  };
  const init = { type: 'truncated_normal', std: 1 };
  const rest = [{ type: 'global_avg_pool' }, fc()];
  const first = weight([conv('c', { init }), ...rest], 5);
  const behind = weight([conv('b', { filters: 12 }), { type: 'relu' }, conv('c', { init }), ...rest], 5);
  expect(behind).toEqual(first);
  expect(weight([conv('c', { init }), ...rest], 6)).not.toEqual(first);
});
