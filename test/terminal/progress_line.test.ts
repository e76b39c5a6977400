import { describe, expect, test } from 'vitest';
import { progressLine, progressText } from '../../src/terminal/progress_line.js';
import type { Progress } from '../../src/terminal/stage.js';

const progress: Progress = {
  share: 0.5,
  facts: [
    'epoch 3/8',
    { long: 'step 94/188', short: '94/188' },
    'loss 1.0949',
    { long: 'accuracy 63.30 %', short: 'acc 63.30 %' },
    { long: '2237 images/s', short: '2237/s' },
    '14 s left',
  ],
};

test('a log has all of it', () => {
  expect(progressText(progress)).toBe(
    'epoch 3/8, step 94/188, loss 1.0949, accuracy 63.30 %, 2237 images/s, 14 s left',
  );
});

describe('fits, with what matters most', () => {
  test.each([
    [
      200,
      '━━━━━━━━━━━━────────────  epoch 3/8  step 94/188  loss 1.0949  accuracy 63.30 %  2237 images/s  14 s left',
    ],
    [86, '━━───  epoch 3/8  step 94/188  loss 1.0949  accuracy 63.30 %  2237 images/s  14 s left'],
    [77, '━━━━━━───────  epoch 3/8  94/188  loss 1.0949  acc 63.30 %  2237/s  14 s left'],
    [61, '━━───  epoch 3/8  94/188  loss 1.0949  acc 63.30 %  14 s left'],
    [50, '━━━────  epoch 3/8  94/188  loss 1.0949  14 s left'],
    [37, '━━━────  epoch 3/8  94/188  14 s left'],
    [20, '━━━━─────  14 s left'],
    [12, '14 s left'],
    [4, '14 s'],
    [-1, ''],
  ])('%d characters', (room, expected) => expect(progressLine(progress, room)).toBe(expected));

  test('whatever the room', () => {
    for (let room = 0; room < 120; room++)
      expect(progressLine(progress, room).length).toBeLessThanOrEqual(room);
  });
});

test('without a bar where nobody knows how much there is', () => {
  expect(progressLine({ share: null, facts: ['2.0 MB', '500.0 kB/s'] }, 40)).toBe('2.0 MB  500.0 kB/s');
});

test.each([
  [0, '─────'],
  [0.199, '─────'],
  [0.2, '━────'],
  [0.999, '━━━━─'],
  [1, '━━━━━'],
])('at %d the bar is %s: full only at the end', (share, bar) => {
  expect(progressLine({ share, facts: ['x'] }, 8)).toBe(`${bar}  x`);
});
