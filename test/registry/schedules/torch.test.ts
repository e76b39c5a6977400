import { expect, it } from 'vitest';
import { type ScheduleOptions, scheduleFactor } from '../../../src/registry/schedules/index.js';
import { runPython, whyNoPython } from '../../helpers/python.js';

/** 200 steps, 20 of them an epoch. */
const horizon = { stepsPerEpoch: 20, totalSteps: 200, warmupSteps: 0 };
const own = { warmup_epochs: 0 } as const;
const cycle = { type: 'one_cycle', initial_divisor: 25, final_divisor: 10_000 } as const;

/** A schedule, and its torch.optim.lr_scheduler stepped once a step. */
const cases: [ScheduleOptions, string][] = [
  [{ type: 'constant', ...own }, 'ConstantLR(o, factor=1)'],
  [{ type: 'step', ...own, step_epochs: 3, gamma: 0.5 }, 'StepLR(o, 60, 0.5)'],
  [{ type: 'multi_step', ...own, milestones: [7, 2, 5], gamma: 0.3 }, 'MultiStepLR(o, [40, 100, 140], 0.3)'],
  [{ type: 'exponential', ...own, gamma: 0.7 }, 'ExponentialLR(o, 0.7 ** (1 / 20))'],
  [{ type: 'polynomial', ...own, power: 2.5, final_factor: 0 }, 'PolynomialLR(o, 200, 2.5)'],
  [{ type: 'linear', ...own, final_factor: 0.05 }, 'LinearLR(o, 1, 0.05, 200)'],
  [{ type: 'cosine', ...own, final_factor: 0.1 }, 'CosineAnnealingLR(o, 200, 0.1)'],
  [
    { type: 'cosine_restarts', ...own, first_epochs: 1, multiplier: 2, final_factor: 0.01 },
    'CosineAnnealingWarmRestarts(o, 20, 2, 0.01)',
  ],
  [
    { type: 'cosine_restarts', ...own, first_epochs: 3, multiplier: 1, final_factor: 0 },
    'CosineAnnealingWarmRestarts(o, 60)',
  ],
  [{ ...cycle, rising: 0.3, curve: 'cosine' }, 'OneCycleLR(o, 1, 200)'],
  [
    { ...cycle, rising: 0.453, curve: 'linear' },
    "OneCycleLR(o, 1, 200, pct_start=0.453, anneal_strategy='linear')",
  ],
];

it('as torch.optim.lr_scheduler at each of 200 steps', { timeout: 300_000 }, ({ skip }) => {
  const why = whyNoPython('torch');
  if (why) skip(why);
  const script = `
import json, torch, warnings
from torch.optim.lr_scheduler import *
warnings.simplefilter('ignore')
def rates(make):
    o = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0, momentum=0.9)
    schedule, found = make(o), []
    for step in range(200):
        found.append(o.param_groups[0]['lr'])
        o.step()
        if step < 199: schedule.step()
    return found
print(json.dumps([rates(make) for make in [${cases.map(([, made]) => `lambda o: ${made}`).join(', ')}]]))`;
  const expected = runPython(script) as number[][];
  for (const [index, [options, name]] of cases.entries()) {
    const differences = expected[index]!.map((rate, step) =>
      Math.abs(scheduleFactor(options, step, horizon) - rate),
    );
    expect(Math.max(...differences), name).toBeLessThan(1e-6);
  }
});
