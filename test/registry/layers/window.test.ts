import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../src/registry/layers/layer.js';
import { explicitPadding, symmetricPadding, windowOutput } from '../../../src/registry/layers/window.js';

describe('windowOutput', () => {
  it.each([
    // The grids of the seed's network at 224 pixels.
    [224, 224, [7, 7], [2, 2], [1, 1], [110, 110]],
    [110, 110, [3, 3], [2, 2], [1, 1], [55, 55]],
    [55, 55, [3, 3], [2, 2], [1, 1], [28, 28]],
    [28, 28, [5, 5], [2, 2], [0, 0], [12, 12]],
    [6, 5, [3, 2], [1, 2], [1, 0], [6, 2]],
    [3, 3, [3, 3], [9, 9], [0, 0], [1, 1]],
    [1, 1, [3, 3], [1, 1], [1, 1], [1, 1]],
    [2, 2, [1, 1], [1, 1], [2, 3], [6, 8]],
  ] as const)(
    '%d × %d, kernel %j, stride %j, padding %j: %j',
    (height, width, kernel, stride, padding, output) => {
      expect(windowOutput(height, width, kernel, stride, symmetricPadding(padding))).toEqual(output);
    },
  );

  it.each([
    [4, 9, [5, 1], [0, 0], 'expected a window that fits its 4 × 9 input (4 × 9 plus padding), got 5 × 1'],
    [9, 4, [1, 7], [1, 1], 'expected a window that fits its 11 × 6 input (9 × 4 plus padding), got 1 × 7'],
  ] as const)('%d × %d, kernel %j, padding %j is refused', (height, width, kernel, padding, message) => {
    const run = () => windowOutput(height, width, kernel, [1, 1], symmetricPadding(padding));
    expect(run).toThrow(OptionError);
    expect(run).toThrow(message);
  });
});

it('a stride larger than any image is refused', () => {
  const run = () => windowOutput(8, 8, [1, 1], [1, 2 ** 54], symmetricPadding([0, 0]));
  expect(run).toThrow('expected at most 65535, got 1 × 18014398509481984');
});

it('padding in TensorFlow.js’ form', () => {
  expect(explicitPadding({ top: 1, bottom: 2, left: 3, right: 4 })).toEqual([
    [0, 0],
    [1, 2],
    [3, 4],
    [0, 0],
  ]);
});
