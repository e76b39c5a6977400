import { beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/config/resolve.js';
import { clippingOf } from '../../src/model/clipping.js';
import type { NamedTensor } from '../../src/storage/safetensors.js';
import { expectAllClose } from '../helpers/all_close.js';
import { allPrograms, livelyState, programs, randomBatch } from '../helpers/programs.js';
import { askPython, whyNoPython } from '../helpers/python.js';
import { smallPlan } from '../helpers/small_plan.js';

const planWith = (training: object): Plan =>
  smallPlan({
    layers: [
      { type: 'conv', name: 'conv1', filters: 4, kernel: 3 },
      { type: 'batch_norm', name: 'bn1' },
      { type: 'conv', name: 'conv2', filters: 5, kernel: 2 },
      { type: 'global_avg_pool' },
      { type: 'linear', name: 'fc', units: 'num_classes' },
    ],
    // What is not trained does not count.
    parameter_groups: [{ match: ['conv1.*'], frozen: true }],
    training,
  });

const plain = (tensors: ReadonlyMap<string, NamedTensor>) =>
  [...tensors].map(([name, { shape, data }]) => [name, shape, [...data]] as const);

const KEYS = [
  ['clip_grad_norm, which clips', { clip_grad_norm: 0.05 }],
  ['clip_grad_norm, which does not', { clip_grad_norm: 1000 }],
  ['clip_grad_value', { clip_grad_value: 0.01 }],
  ['agc', { agc: 0.01 }],
] as const;

/** What PyTorch, and timm's own words of adaptive_clip_grad, make of gradients: their norm, and the clipped ones. */
const SCRIPT = `
import json, sys, torch
answers = []
gradients, parameters, clippings = json.load(sys.stdin)
for clipping in clippings:
    values = dict((n, torch.tensor(v).reshape(s)) for n, s, v in parameters)
    ps = []
    for n, s, v in gradients:
        p = torch.nn.Parameter(values[n].clone())
        p.grad = torch.tensor(v).reshape(s)
        ps.append(p)
    norm = torch.nn.utils.get_total_norm([p.grad for p in ps]).item()
    if 'clip_grad_norm' in clipping:
        torch.nn.utils.clip_grad_norm_(ps, clipping['clip_grad_norm'])
    elif 'clip_grad_value' in clipping:
        torch.nn.utils.clip_grad_value_(ps, clipping['clip_grad_value'])
    else:
        def unit(x): return x.norm(2) if x.ndim <= 1 else x.norm(2, dim=tuple(range(1, x.ndim)), keepdim=True)
        for p in ps[:-2]:
            most = unit(p.detach()).clamp_(min=1e-3).mul_(clipping['agc'])
            norms = unit(p.grad)
            p.grad.copy_(torch.where(norms < most, p.grad, p.grad * (most / norms.clamp(min=1e-6))))
    answers.append([norm, [p.grad.flatten().tolist() for p in ps]])
print(json.dumps(answers))`;

type Answer = readonly [norm: number, gradients: readonly (readonly number[])[]];
const reason = whyNoPython('torch');

describe.skipIf(reason !== null)(`as PyTorch${reason === null ? '' : ` (${reason})`}`, () => {
  let answers: readonly Answer[];
  /** Before they are clipped; the plans do not differ in them. */
  let gradients: readonly (readonly number[])[];
  beforeAll(async () => {
    const plan = planWith({});
    const state = livelyState(plan);
    const program = await programs['onnxruntime-cpu'](plan, state);
    await program.backward(randomBatch(plan, 3, 1), new Map());
    const before = plain(await program.gradients());
    program.dispose();
    gradients = before.map(([, , values]) => values);
    const parameters = plain(state.parameters);
    answers = askPython(SCRIPT, [before, parameters, KEYS.map(([, training]) => training)]) as Answer[];
  });

  describe.each(allPrograms)('a program on %s', (_, open) => {
    it('clips gradients', async () => {
      const plan = planWith({});
      const program = await open(plan, livelyState(plan));
      for (const [index, [key, training]] of KEYS.entries()) {
        await program.backward(randomBatch(plan, 3, 1), new Map());
        const norm = await program.clip(clippingOf(planWith(training))!);
        const clipped = [...(await program.gradients()).values()].map(({ data }) => data);
        const [expectedNorm, expected] = answers[index]!;
        expectAllClose([norm], [expectedNorm], { relative: 1e-4 });
        expect(clipped.length).toBe(expected.length);
        for (const [at, values] of clipped.entries())
          expectAllClose(values, expected[at]!, { relative: 1e-4, absolute: 1e-6 });
        const change = Math.max(...clipped.map((values, i) => distance(values, gradients[i]!)));
        if (key.endsWith('not')) expect(change).toBeLessThan(1e-5);
        else expect(change, key).toBeGreaterThan(1e-3);
      }
      program.dispose();
    });
  });
});

const distance = (a: ArrayLike<number>, b: readonly number[]) =>
  Math.max(...b.map((value, i) => Math.abs(value - a[i]!)));
