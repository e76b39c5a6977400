import { expect, test } from 'vitest';
import { checkPosition } from '../../src/pipeline/check_position.js';
import { START } from '../../src/pipeline/progress.js';
import type { CheckpointState } from '../../src/storage/checkpoint_state.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

// 52 images in batches of 8: 7 steps an epoch, 2 epochs.
const plan = tinyPlan();
const best = { epoch: 1, step: 7, accuracy: 0.5, loss: 1 };
const WITHIN: CheckpointState = {
  version: 1,
  ...START,
  ...{ step: 9, epoch: 2, step_in_epoch: 2, epoch_totals: { count: 16 }, best },
  metrics_bytes: 0,
  events: null,
  config: null,
};
const FINISHED = { ...WITHIN, step: 14, step_in_epoch: 7, epoch_totals: {}, finished: true };

const check = (change: Partial<CheckpointState>, bestStep: number | null = 7) =>
  checkPosition(plan, { ...WITHIN, ...change }, bestStep, 'last/state.json');

test.each<[string, Partial<CheckpointState>, number | null]>([
  ['within an epoch', {}, 7],
  ['at the start', START, null],
  ['before the first evaluation', { ...START, step: 7, step_in_epoch: 7, epoch_totals: { count: 52 } }, null],
  ['at the end', FINISHED, 7],
  ['killed after best had moved', {}, 14],
])('what training leaves is taken: %s', (_, change, bestStep) => {
  expect(() => check(change, bestStep)).not.toThrow();
});

test.each<[string, Partial<CheckpointState>, number | null, string]>([
  ['an epoch too many', { epoch: 3, step: 16 }, 7, 'expected an epoch of at most 2, got 3'],
  ['a step too many', { step_in_epoch: 8, step: 15 }, 7, 'expected at most 7 steps in an epoch, got 8'],
  ['another step', { step: 3 }, 7, 'expected step 9 after 2 steps in epoch 2, got 3'],
  ['an early end', { finished: true }, 7, 'expected a finished run to have done its epoch 2'],
  ['other totals', { epoch_totals: {} }, 7, 'expected totals of 16 images, got none'],
  ['no best', { best: null }, 7, 'expected the best of 1 evaluations, got none'],
  [
    'a best to come',
    { best: { ...best, epoch: 2, step: 14 } },
    14,
    'expected the best of 1 evaluations, got epoch 2',
  ],
  [
    'a best within an epoch',
    { best: { ...best, step: 5 } },
    7,
    'expected step 7 for the best epoch 1, got 5',
  ],
  ['no checkpoints/best', {}, null, 'expected step 7 in checkpoints/best, got no checkpoint'],
  ['another checkpoints/best', FINISHED, 14, 'expected step 7 in checkpoints/best, got 14'],
])('what training cannot leave is refused: %s', (_, change, bestStep, problem) => {
  expect(() => check(change, bestStep)).toThrow(problem);
});
