import { expect, it } from 'vitest';
import type { OptimizerOptions } from '../../../src/registry/optimizers/index.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { runPython, whyNoPython } from '../../helpers/python.js';
import { TestRandom } from '../../helpers/random.js';
import { PARAMETER, runEager, runFused } from '../../helpers/run_optimizer.js';

const random = new TestRandom(3);
const GRADIENTS = Array.from({ length: 50 }, () => Array.from(random.tensor([PARAMETER.length]).values));
const RATES = GRADIENTS.map((_, step) => 0.01 / (1 + step / 10));

const nadam = { type: 'nadam', learning_rate: 1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8 } as const;
const rmsprop = { type: 'rmsprop', learning_rate: 1, variant: 'torch', alpha: 0.9, epsilon: 0.0316 } as const;
const adagrad = { type: 'adagrad', learning_rate: 1, epsilon: 1e-10 } as const;
const torchCases: [OptimizerOptions, string][] = [
  [{ ...nadam, momentum_decay: 0.004, weight_decay: 0 }, 'torch.optim.NAdam([p], lr=1.0, betas=(0.9, 0.99))'],
  [
    { ...nadam, momentum_decay: 0.1, weight_decay: 0.05 },
    'torch.optim.NAdam([p], lr=1.0, betas=(0.9, 0.99), momentum_decay=0.1, weight_decay=0.05)',
  ],
  [{ ...rmsprop, momentum: 0, weight_decay: 0 }, 'torch.optim.RMSprop([p], lr=1.0, alpha=0.9, eps=0.0316)'],
  [
    { ...rmsprop, momentum: 0.9, weight_decay: 0.05 },
    'torch.optim.RMSprop([p], lr=1.0, alpha=0.9, eps=0.0316, momentum=0.9, weight_decay=0.05)',
  ],
  [{ ...adagrad, lr_decay: 0, initial_accumulator: 0, weight_decay: 0 }, 'torch.optim.Adagrad([p], lr=1.0)'],
  [
    { ...adagrad, lr_decay: 0.1, initial_accumulator: 0.5, weight_decay: 0.05 },
    'torch.optim.Adagrad([p], lr=1.0, lr_decay=0.1, initial_accumulator_value=0.5, weight_decay=0.05)',
  ],
];

it('as torch.optim', { timeout: 300_000 }, async ({ skip }) => {
  const why = whyNoPython('torch');
  if (why) skip(why);
  const script = `
import json, sys, torch
parameter, gradients, rates = json.loads(sys.argv[1])
def steps(make):
    p = torch.nn.Parameter(torch.tensor(parameter, dtype=torch.float32))
    optimizer = make(p)
    for gradient, rate in zip(gradients, rates):
        optimizer.param_groups[0]['lr'] = rate
        p.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
    return p.tolist()
print(json.dumps([steps(make) for make in [${torchCases.map(([, made]) => `lambda p: ${made}`).join(', ')}]]))`;
  const expected = runPython(script, JSON.stringify([PARAMETER, GRADIENTS, RATES])) as number[][];
  for (const [index, [options, name]] of torchCases.entries()) {
    for (const { parameter } of [
      runFused(options, GRADIENTS, RATES),
      await runEager(options, GRADIENTS, RATES),
    ])
      expect(largestDifference(parameter, expected[index]!), name).toBeLessThan(1e-5);
  }
});

const largestDifference = (a: ArrayLike<number>, b: readonly number[]) =>
  Math.max(...b.map((value, i) => Math.abs(a[i]! - value)));

/** The parameters after all steps in float64, by what a step makes of one element and its two numbers of state. */
function stepByStep(
  start: readonly [number, number],
  next: (
    theta: number,
    g: number,
    rate: number,
    state: readonly [number, number],
  ) => [number, number, number],
): number[] {
  return PARAMETER.map((first, element) => {
    let [theta, a, b] = [first, ...start];
    for (const [step, gradients] of GRADIENTS.entries())
      [theta, a, b] = next(theta, gradients[element]!, RATES[step]!, [a, b]);
    return theta;
  });
}

const formulas: [string, OptimizerOptions, number[]][] = [
  [
    'Lion, algorithm 2 of its article',
    { type: 'lion', learning_rate: 1, beta1: 0.9, beta2: 0.99, weight_decay: 0.1 },
    stepByStep([0, 0], (theta, g, rate, [m]) => {
      const c = 0.9 * m + 0.1 * g;
      return [theta - rate * (Math.sign(c) + 0.1 * theta), 0.99 * m + 0.01 * g, 0];
    }),
  ],
  [
    'RMSprop as TensorFlow documents it',
    { ...rmsprop, variant: 'tensorflow', momentum: 0.9, weight_decay: 0 },
    stepByStep([1, 0], (theta, g, rate, [square, mom]) => {
      const s = 0.9 * square + 0.1 * g * g;
      const m = 0.9 * mom + (rate * g) / Math.sqrt(s + 0.0316);
      return [theta - m, s, m];
    }),
  ],
];

it.each(formulas)('%s', async (_name, options, expected) => {
  const near = { absolute: 1e-5 };
  expectAllClose(runFused(options, GRADIENTS, RATES).parameter, expected, near);
  expectAllClose((await runEager(options, GRADIENTS, RATES)).parameter, expected, near);
});
