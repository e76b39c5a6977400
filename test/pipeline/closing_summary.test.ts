import { expect, test } from 'vitest';
import { closingSummary } from '../../src/pipeline/closing_summary.js';

const summary = {
  name: 'a',
  run_directory: 'runs/a',
  backend: 'wasm',
  epochs: 8,
  steps: 14,
  parameters: 1228,
  seconds: 1.5,
  best: { epoch: 7, step: 7, accuracy: 0.952, loss: 0.1545 },
  test: { loss: 0.1545, accuracy: 0.952, correct: 9520, count: 10_000 },
} as const;

test('the best epoch and where everything is', () => {
  expect(closingSummary(summary).split('\n')).toEqual([
    'Best epoch     7 of 8',
    'Test accuracy  95.20 % (9,520 of 10,000)',
    'Test loss      0.1545',
    'Run directory  runs/a',
    'Best weights   runs/a/checkpoints/best',
    'Report         runs/a/report.html',
    'TensorBoard    tensorboard --logdir runs',
  ]);
});

test.each([
  ['./runs/a', 'runs'],
  ['runs/group/a', 'runs/group/a'],
  ['/tmp/a', '/tmp/a'],
  ["it's mine", `'it'\\''s mine'`],
])('for %s, TensorBoard is shown %s', (run_directory, expected) => {
  const lines = closingSummary({ ...summary, run_directory }).split('\n');
  expect(lines.at(-1)).toBe(`TensorBoard    tensorboard --logdir ${expected}`);
});
