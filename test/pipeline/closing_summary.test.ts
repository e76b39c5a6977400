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
  chosen_on: 'validation',
  test: { loss: 0.1601, accuracy: 0.948, correct: 9480, count: 10_000 },
} as const;

test('the best epoch and where everything is', () => {
  expect(closingSummary(summary).split('\n')).toEqual([
    'Best epoch           7 of 8, by validation accuracy',
    'Validation accuracy  95.20 %',
    'Validation loss      0.1545',
    'Test accuracy        94.80 % (9,480 of 10,000)',
    'Test loss            0.1601',
    'Run directory        runs/a',
    'Best weights         runs/a/checkpoints/best',
    'Report               runs/a/report.html',
    'TensorBoard          tensorboard --logdir runs',
  ]);
});

test('a test set that chose the epoch no longer measures it, and that is said', () => {
  expect(
    closingSummary({ ...summary, chosen_on: 'test' })
      .split('\n')
      .slice(0, 3),
  ).toEqual([
    'Best epoch     7 of 8, by test accuracy',
    'Test accuracy  94.80 % (9,480 of 10,000; chosen on the test set: the figure is optimistic)',
    'Test loss      0.1601',
  ]);
});

test.each([
  ['./runs/a', 'runs'],
  ['runs/group/a', 'runs/group/a'],
  ['/tmp/a', '/tmp/a'],
  ["it's mine", `'it'\\''s mine'`],
])('for %s, TensorBoard is shown %s', (run_directory, expected) => {
  const lines = closingSummary({ ...summary, run_directory }).split('\n');
  expect(lines.at(-1)).toBe(`TensorBoard          tensorboard --logdir ${expected}`);
});
