import { expect } from 'vitest';

export interface Tolerance {
  /** Share of the expected value. */
  readonly relative?: number;
  /** What a value near zero may be off by. */
  readonly absolute?: number;
}

/**
 * Expects |actual − expected| ≤ absolute + relative · |expected| for each element. NaN equals NaN alone, infinities
 * themselves. A failure names the element that is furthest off.
 */
export function expectAllClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = 1e-5, absolute = 1e-5 }: Tolerance = {},
): void {
  expect(actual.length, 'number of elements').toBe(expected.length);
  let worst = { index: -1, excess: 0 };
  for (let index = 0; index < expected.length; index++) {
    const a = actual[index]!;
    const e = expected[index]!;
    if (Object.is(a, e)) continue;
    const excess = Math.abs(a - e) / (absolute + relative * Math.abs(e));
    // Infinity / Infinity and anything with NaN are NaN here: never close.
    const off = Number.isNaN(excess) ? Number.POSITIVE_INFINITY : excess;
    if (off > 1 && off > worst.excess) worst = { index, excess: off };
  }
  if (worst.index === -1) return;
  expect.fail(
    `element ${worst.index} of ${expected.length}: expected ${expected[worst.index]}, got ${actual[worst.index]}, ` +
      `off by ${worst.excess.toPrecision(3)} times the tolerance`,
  );
}
