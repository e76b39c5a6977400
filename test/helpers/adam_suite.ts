import { describe, expect, it } from 'vitest';
import type { adam } from '../../src/registry/optimizers/adam.js';
import type { adamw } from '../../src/registry/optimizers/adamw.js';
import { expectAllClose } from './all_close.js';
import { whyNoPython } from './python.js';
import { GRADIENTS, LEARNING_RATES, PARAMETER, runEager, runFused, runTorch } from './run_optimizer.js';

type Options = Parameters<(typeof adam | typeof adamw)['scalars']>[0];

/** What weight decay does to one element at the start of a step: its gradient and value afterwards. */
type Decay = (gradient: number, theta: number, rate: number, weightDecay: number) => [number, number];

/** The algorithm in the documentation of torch.optim.Adam and AdamW, for one element. */
function reference({ beta1, beta2, epsilon, weight_decay }: Options, element: number, decay: Decay) {
  let theta = PARAMETER[element]!;
  let [m, v] = [0, 0];
  for (const [index, gradients] of GRADIENTS.entries()) {
    const step = index + 1;
    const rate = LEARNING_RATES[index]!;
    const [g, decayed] = decay(gradients[element]!, theta, rate, weight_decay);
    m = beta1 * m + (1 - beta1) * g;
    v = beta2 * v + (1 - beta2) * g * g;
    const mHat = m / (1 - beta1 ** step);
    const vHat = v / (1 - beta2 ** step);
    theta = decayed - (rate * mHat) / (Math.sqrt(vHat) + epsilon);
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

/** Compares an optimizer with the documented algorithm, and with PyTorch's own `torchName`. */
export function adamSuite(type: Options['type'], torchName: 'Adam' | 'AdamW', decay: Decay): void {
  const changed = (changes: Partial<Options>): Options => ({
    type,
    learning_rate: 0.1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0,
    ...changes,
  });

  describe.each(cases)('%s', (_name, changes) => {
    const options = changed(changes);
    const each = PARAMETER.map((_, element) => reference(options, element, decay));

    it.each([
      ['fused', runFused],
      ['eager', runEager],
    ])('%s: five steps as documented', async (_way, run) => {
      const state = await run(options);
      const values = (key: 'theta' | 'm' | 'v') => each.map((element) => element[key]);
      expectAllClose(state.parameter, values('theta'), { absolute: 1e-6 });
      expect(Object.keys(state.slots)).toEqual(['exp_avg', 'exp_avg_sq']);
      expectAllClose(state.slots.exp_avg!, values('m'), { absolute: 1e-7 });
      expectAllClose(state.slots.exp_avg_sq!, values('v'), { absolute: 1e-9 });
    });
  });

  it(`each as torch.optim.${torchName} itself`, ({ skip }) => {
    const why = whyNoPython('torch');
    if (why) skip(why);
    const each = cases.map(([, changes]) => changed(changes));
    const keywords = ({ beta1, beta2, epsilon: eps, weight_decay }: Options) => ({
      betas: [beta1, beta2],
      eps,
      weight_decay,
    });
    for (const [index, expected] of runTorch(torchName, each.map(keywords)).entries())
      expectAllClose(runFused(each[index]!).parameter, expected);
  });
}
