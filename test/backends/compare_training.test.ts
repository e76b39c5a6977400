import { describe, expect, it } from 'vitest';
import {
  compareTraining,
  relativeDifference,
  verificationText,
} from '../../src/backends/compare_training.js';
import type { ModelState } from '../../src/model/state.js';

describe('relativeDifference: ‖a − b‖ / max(‖a‖, ‖b‖)', () => {
  it.each([
    [[3, 4], [3, 4], 0],
    [[3, 4], [0, 0], 1],
    [[0, 0], [3, 4], 1],
    [[3, 4], [-3, -4], 2],
    [[3, 4], [3, 3], 1 / 5],
    [[3, 3], [3, 4], 1 / 5],
    [[0, 0], [-0, 0], 0],
    [[1e-30], [2e-30], 0.5],
    [[1, Number.NaN], [1, 2], Number.POSITIVE_INFINITY],
    [[1], [Number.POSITIVE_INFINITY], Number.POSITIVE_INFINITY],
    [[Number.NaN], [Number.NaN], Number.POSITIVE_INFINITY],
  ])('of %j and %j', (a, b, expected) => {
    expect(relativeDifference(a, b)).toBeCloseTo(expected, 12);
  });
});

const named = (values: Record<string, number[]>) =>
  new Map(
    Object.entries(values).map(([name, data]) => [
      name,
      { shape: [data.length], data: Float32Array.from(data) },
    ]),
  );
const state = (parameters: Record<string, number[]>, momentum: Record<string, number[]>): ModelState => ({
  parameters: named(parameters),
  buffers: new Map(),
  slots: new Map([['momentum_buffer', named(momentum)]]),
});

const first = { losses: [2, 1], state: state({ a: [1, 0], b: [4] }, { a: [1], b: [8] }) };
const second = { losses: [2, 1.25], state: state({ a: [1, 0], b: [5] }, { a: [1], b: [4] }) };
const compare = (tolerance: number) => compareTraining(['wasm', 'cpu'], [first, second], tolerance);

describe('compareTraining', () => {
  it('losses of each step, every parameter and its optimizer state, the largest difference first', () => {
    expect(compare(0.1)).toEqual({
      backends: ['wasm', 'cpu'],
      steps: [
        { losses: [2, 2], difference: 0 },
        { losses: [1, 1.25], difference: 0.2 },
      ],
      parameters: [
        { name: 'b', parameter: 0.2, slots: { momentum_buffer: 0.5 } },
        { name: 'a', parameter: 0, slots: { momentum_buffer: 0 } },
      ],
      worst: 0.5,
      tolerance: 0.1,
      agree: false,
    });
    expect(compare(0.5).agree).toBe(true);
    expect(compare(0.49).agree).toBe(false);
  });

  it('a loss alone can be too far off', () => {
    const equal = { ...second, state: first.state };
    expect(compareTraining(['wasm', 'cpu'], [first, equal], 0.1)).toMatchObject({ worst: 0.2, agree: false });
  });

  it('a loss that is not finite agrees with nothing', () => {
    const diverged = { ...first, losses: [2, Number.NaN] };
    expect(compareTraining(['wasm', 'cpu'], [diverged, diverged], 1).agree).toBe(false);
  });

  it('as text', () => {
    expect(verificationText(compare(0.1))).toBe(`Loss of each step, and its relative difference:
step      wasm       cpu  difference
   1  2.000000  2.000000      0.0e+0
   2  1.000000  1.250000      2.0e-1

Relative difference ‖a − b‖ / max(‖a‖, ‖b‖) after step 2, the largest first:
parameter  difference  momentum_buffer
b              2.0e-1           5.0e-1
a              0.0e+0           0.0e+0

✖ wasm and cpu do not agree: the largest difference is 5.0e-1, 0.1 is tolerated`);
    expect(verificationText(compare(0.5))).toContain('✔ wasm and cpu agree');
  });
});
