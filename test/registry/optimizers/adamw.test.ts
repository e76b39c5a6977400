import { describe, expect, it } from 'vitest';
import type { adamw } from '../../../src/registry/optimizers/adamw.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { whyNoPython } from '../../helpers/python.js';
import {
  GRADIENTS,
  LEARNING_RATES,
  PARAMETER,
  runEager,
  runFused,
  runTorch,
} from '../../helpers/run_optimizer.js';

type Options = Parameters<typeof adamw.scalars>[0];

const options = (changes: Partial<Options>): Options => ({
  type: 'adamw',
  learning_rate: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weight_decay: 0,
  ...changes,
});

/** The algorithm in the documentation of torch.optim.AdamW, for one element. */
function reference({ beta1, beta2, epsilon, weight_decay }: Options, element: number) {
  let theta = PARAMETER[element]!;
  let m = 0;
  let v = 0;
  for (const [index, gradients] of GRADIENTS.entries()) {
    const step = index + 1;
    const rate = LEARNING_RATES[index]!;
    const g = gradients[element]!;
    theta -= rate * weight_decay * theta;
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** step);
    const vHat = v / (1 - beta2 ** step);
    theta -= (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  }
  return { theta, m, v };
}

const cases: [string, Partial<Options>][] = [
  ['defaults', {}],
  ['weight decay', { weight_decay: 0.05 }],
  ['other betas', { beta1: 0.5, beta2: 0.9 }],
  ['no means', { beta1: 0, beta2: 0 }],
  ['a large epsilon', { epsilon: 0.5, weight_decay: 0.01 }],
];

describe.each(cases)('%s', (_name, changes) => {
  const each = PARAMETER.map((_, element) => reference(options(changes), element));

  it.each([
    ['fused', runFused],
    ['eager', runEager],
  ])('%s: five steps as documented', async (_way, run) => {
    const state = await run(options(changes));
    const values = (key: 'theta' | 'm' | 'v') => each.map((element) => element[key]);
    expectAllClose(state.parameter, values('theta'), { absolute: 1e-6 });
    expect(Object.keys(state.slots)).toEqual(['exp_avg', 'exp_avg_sq']);
    expectAllClose(state.slots.exp_avg!, values('m'), { absolute: 1e-7 });
    expectAllClose(state.slots.exp_avg_sq!, values('v'), { absolute: 1e-9 });
  });

  it('as torch.optim.AdamW itself', ({ skip }) => {
    const why = whyNoPython('torch');
    if (why) skip(why);
    const { beta1, beta2, epsilon: eps, weight_decay } = options(changes);
    const expected = runTorch('AdamW', { betas: [beta1, beta2], eps, weight_decay });
    expectAllClose(runFused(options(changes)).parameter, expected);
  });
});
