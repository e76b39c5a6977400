import { describe, expect, it } from 'vitest';
import type { sgd } from '../../../src/registry/optimizers/sgd.js';
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

type Options = Parameters<typeof sgd.scalars>[0];

const options = (changes: Partial<Options>): Options => ({
  type: 'sgd',
  learning_rate: 0.1,
  momentum: 0,
  nesterov: false,
  weight_decay: 0,
  ...changes,
});

/** The algorithm in the documentation of torch.optim.SGD, dampening 0, for one element. */
function reference({ momentum, nesterov, weight_decay }: Options, element: number) {
  let theta = PARAMETER[element]!;
  let b = 0;
  for (const [index, gradients] of GRADIENTS.entries()) {
    let g = gradients[element]!;
    if (weight_decay !== 0) g += weight_decay * theta;
    if (momentum !== 0) {
      b = index > 0 ? momentum * b + g : g;
      g = nesterov ? g + momentum * b : b;
    }
    theta -= LEARNING_RATES[index]! * g;
  }
  return { theta, b };
}

const cases: [string, Partial<Options>][] = [
  ['plain', {}],
  ['weight decay', { weight_decay: 0.05 }],
  ['momentum', { momentum: 0.9 }],
  ['momentum of 1', { momentum: 1 }],
  ['Nesterov', { momentum: 0.9, nesterov: true }],
  ['everything', { momentum: 0.8, nesterov: true, weight_decay: 0.05 }],
];

describe.each(cases)('%s', (_name, changes) => {
  const each = PARAMETER.map((_, element) => reference(options(changes), element));
  const slots = options(changes).momentum > 0 ? ['momentum_buffer'] : [];

  it.each([
    ['fused', runFused],
    ['eager', runEager],
  ])('%s: five steps as documented', async (_way, run) => {
    const state = await run(options(changes));
    expectAllClose(
      state.parameter,
      each.map(({ theta }) => theta),
      { absolute: 1e-6 },
    );
    expect(Object.keys(state.slots)).toEqual(slots);
    for (const slot of slots)
      expectAllClose(
        state.slots[slot]!,
        each.map(({ b }) => b),
        { absolute: 1e-6 },
      );
  });
});

it('each as torch.optim.SGD itself', ({ skip }) => {
  const why = whyNoPython('torch');
  if (why) skip(why);
  const each = cases.map(([, changes]) => options(changes));
  const keywords = ({ momentum, nesterov, weight_decay }: Options) => ({ momentum, nesterov, weight_decay });
  for (const [index, expected] of runTorch('SGD', each.map(keywords)).entries())
    expectAllClose(runFused(each[index]!).parameter, expected);
});
