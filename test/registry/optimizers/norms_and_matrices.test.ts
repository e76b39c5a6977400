import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { tensorArithmetic } from '../../../src/model/tensor_update.js';
import { type OptimizerOptions, optimizerEntry } from '../../../src/registry/optimizers/index.js';
import { updateTensor } from '../../../src/registry/optimizers/optimizer.js';
import { askPython, whyNoPython } from '../../helpers/python.js';
import { TestRandom } from '../../helpers/random.js';

const STEPS = 50;
const SHAPES = [[6], [4, 3, 2, 2], [7, 3], [3, 3]];
const random = new TestRandom(12);
const START = SHAPES.map((shape) => Array.from(random.tensor(shape).values));
// A parameter of zeros, whose norm is none.
START[3]!.fill(0);
const GRADIENTS = Array.from({ length: STEPS }, () =>
  SHAPES.map((shape) => Array.from(random.tensor(shape).values)),
);
const RATES = Array.from({ length: STEPS }, (_, step) => 0.02 / (1 + step / 10));

/** The parameters after all steps in tensor arithmetic. */
function run(options: OptimizerOptions): number[][] {
  const entry = optimizerEntry(options.type);
  return SHAPES.map((shape, index) =>
    tf.tidy(() => {
      let parameter = tf.tensor(START[index]!, shape);
      let slots: Readonly<Record<string, tf.Tensor>> = {
        exp_avg: tf.zeros(shape),
        exp_avg_sq: tf.zeros(shape),
      };
      for (const [step, rate] of RATES.entries()) {
        const scalars = Object.entries(entry.scalars(options, rate, step + 1));
        ({ parameter, slots } = updateTensor<tf.Tensor>(entry, options, tensorArithmetic(tf), {
          parameter,
          gradient: tf.tensor(GRADIENTS[step]![index]!, shape),
          slots,
          scalars: Object.fromEntries(scalars.map(([name, value]) => [name, tf.scalar(value)])),
        }));
      }
      return [...parameter.dataSync()];
    }),
  );
}

const adam = { beta1: 0.9, beta2: 0.95 };
const lamb = { type: 'lamb', learning_rate: 1, ...adam, epsilon: 1e-6 } as const;
const muon = { type: 'muon', learning_rate: 0.02, momentum: 0.95, ns_steps: 5, ...adam } as const;
const cases: OptimizerOptions[] = [
  { ...lamb, weight_decay: 0.1 },
  { ...lamb, weight_decay: 0 },
  { ...muon, nesterov: true, adamw_learning_rate: 0.003, epsilon: 1e-10, weight_decay: 0.1 },
  { ...muon, nesterov: false, adamw_learning_rate: 0.003, epsilon: 1e-10, weight_decay: 0 },
];

/** The rules as timm's Lamb.step and Keller Jordan's muon.py write them, in float64. */
const SCRIPT = `
import json, sys, torch
cases, shapes, start, gradients, rates = json.load(sys.stdin)
def lamb(p, g, s, o, lr, t):
    b1, b2 = o['beta1'], o['beta2']
    s['m'].lerp_(g, 1 - b1); s['v'].mul_(b2).addcmul_(g, g, value=1 - b2)
    denom = (s['v'].sqrt() / (1 - b2 ** t) ** 0.5).add_(o['epsilon'])
    update = (s['m'] / (1 - b1 ** t)).div_(denom)
    if o['weight_decay'] != 0:
        update.add_(p, alpha=o['weight_decay'])
        w_norm, g_norm = p.norm(2.0), update.norm(2.0)
        ratio = torch.where(w_norm > 0, torch.where(g_norm > 0, w_norm / g_norm, 1.0), 1.0)
        update.mul_(ratio)
    p.add_(update, alpha=-lr)
def newton_schulz(G, steps):
    a, b, c = 3.4445, -4.7750, 2.0315
    X = G.mT if G.size(-2) > G.size(-1) else G
    X = X / (X.norm() + 1e-7)
    for _ in range(steps):
        A = X @ X.mT
        X = a * X + (b * A + c * A @ A) @ X
    return X.mT if G.size(-2) > G.size(-1) else X
def muon(p, g, s, o, lr, t):
    if p.ndim < 2:
        b1, b2, lr = o['beta1'], o['beta2'], lr / o['learning_rate'] * o['adamw_learning_rate']
        s['m'].lerp_(g, 1 - b1); s['v'].lerp_(g.square(), 1 - b2)
        p.mul_(1 - lr * o['weight_decay'])
        return p.add_((s['m'] / (1 - b1 ** t)) / ((s['v'] / (1 - b2 ** t)).sqrt() + o['epsilon']), alpha=-lr)
    beta = o['momentum']
    s['m'].lerp_(g, 1 - beta)
    update = g.lerp(s['m'], beta) if o['nesterov'] else s['m']
    flat = update.view(len(update), -1)
    flat = newton_schulz(flat, o['ns_steps']) * max(1, flat.size(-2) / flat.size(-1)) ** 0.5
    p.mul_(1 - lr * o['weight_decay'])
    p.add_(flat.view(p.shape), alpha=-lr)
def run(o, index):
    make = lambda values: torch.tensor(values, dtype=torch.float64).reshape(shapes[index])
    p = make(start[index])
    s = {'m': torch.zeros_like(p), 'v': torch.zeros_like(p)}
    for t, rate in enumerate(rates):
        {'lamb': lamb, 'muon': muon}[o['type']](p, make(gradients[t][index]), s, o, rate, t + 1)
    return p.flatten().tolist()
print(json.dumps([[run(o, index) for index in range(len(shapes))] for o in cases]))`;

it('50 steps as the formulas of timm and Keller Jordan', { timeout: 300_000 }, async ({ skip }) => {
  const why = whyNoPython('torch');
  if (why) skip(why);
  await tf.setBackend('cpu');
  const expected = askPython(SCRIPT, [cases, SHAPES, START, GRADIENTS, RATES]) as number[][][];
  for (const [index, options] of cases.entries()) {
    const actual = run(options);
    for (const [parameter, values] of expected[index]!.entries()) {
      const off = values.map((value, i) => Math.abs(value - actual[parameter]![i]!));
      expect(Math.max(...off), `${options.type} ${SHAPES[parameter]}`).toBeLessThan(1e-5);
    }
  }
});
