import { expect, test } from 'vitest';
import type { ModelState } from '../../src/model/state.js';
import { requireFiniteLoss, requireFiniteState } from '../../src/pipeline/finite.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const plan = tinyPlan({ optimizer: { type: 'sgd', learning_rate: 2 }, schedule: { type: 'constant' } });

const saved = () => ({
  plan,
  checkpoints: { lastSaved: { directory: 'runs/a/checkpoints/last', step: 6 }, settle: async () => {} },
});

function stateWith(parameter: number[], slot: number[]): ModelState {
  const tensor = (values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
  return {
    parameters: new Map([['fc.bias', tensor(parameter)]]),
    buffers: new Map(),
    slots: new Map([['exp_avg_sq', new Map([['fc.bias', tensor(slot)]])]]),
  };
}

test.each([0, -1e30, Number.MIN_VALUE])('a loss of %d passes', (loss) => {
  return requireFiniteLoss(saved(), 'loss', loss, 8);
});

test.each([
  ['loss', Number.NaN],
  ['test loss', Number.POSITIVE_INFINITY],
  ['loss', Number.NEGATIVE_INFINITY],
] as const)(
  'a %s of %d names the step, the learning rate and the last good checkpoint',
  async (name, loss) => {
    await expect(requireFiniteLoss(saved(), name, loss, 8)).rejects.toThrow(
      `training diverged at step 8 with learning rate 2: the ${name} is ${loss}. The last good checkpoint is runs/a/checkpoints/last (step 6).`,
    );
  },
);

test('without a checkpoint', async () => {
  const checkpoints = { lastSaved: null, settle: async () => {} };
  await expect(requireFiniteLoss({ plan, checkpoints }, 'loss', Number.NaN, 1)).rejects.toThrow(
    'the loss is NaN. There is no checkpoint before it.',
  );
});

test('a checkpoint that is being written counts', async () => {
  const checkpoints = {
    lastSaved: null as { directory: string; step: number } | null,
    settle: async () => {
      checkpoints.lastSaved = { directory: 'runs/a/checkpoints/last', step: 7 };
    },
  };
  await expect(requireFiniteLoss({ plan, checkpoints }, 'loss', Number.NaN, 8)).rejects.toThrow(
    'The last good checkpoint is runs/a/checkpoints/last (step 7).',
  );
});

test.each([
  [[1, 3.4e38], [0, 1], null],
  [[1, Number.POSITIVE_INFINITY], [0, 1], 'fc.bias is not finite'],
  [[Number.NaN, 1], [0, 1], 'fc.bias is not finite'],
  [[1, 2], [0, Number.POSITIVE_INFINITY], 'exp_avg_sq of fc.bias is not finite'],
])('a state of %j and %j: %s', (parameter, slot, message) => {
  const check = () => requireFiniteState(saved(), stateWith(parameter, slot), 9);
  if (message === null) expect(check).not.toThrow();
  else
    expect(check).toThrow(
      `at step 9 with learning rate 2: ${message.startsWith('fc') ? 'parameter ' : ''}${message}. The last`,
    );
});
