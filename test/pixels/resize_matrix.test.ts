import { describe, expect, it } from 'vitest';
import { resizeMatrix, WEIGHT_ONE } from '../../src/pixels/resize_matrix.js';
import { expectAllClose } from '../helpers/all_close.js';

/** Weights on the scale 0 to 1. */
const weights = (from: number, to: number) => resizeMatrix(from, to).map((weight) => weight / WEIGHT_ONE);

const rowsOf = (from: number, to: number) => {
  const matrix = weights(from, to);
  expect(matrix.length).toBe(from * to);
  return Array.from({ length: to }, (_, row) => Array.from(matrix.subarray(row * from, (row + 1) * from)));
};

describe('resizeMatrix', () => {
  it.each([
    ['the same size', 3, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1]],
    // Centres at −0.25, 0.25, 0.75, 1.25 of the source: at the edge all weight is on the last pixel.
    ['doubled', 2, 4, [1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]],
    // Centres at 1/6, 1/2, 5/6 of two pixels whose centres are at 1/2 and 3/2.
    ['2 to 3', 2, 3, [1, 0, 0.5, 0.5, 0, 1]],
    // Centre 1 and 3; the triangle reaches 2 pixels to both sides: weights 1/4, 3/4, 3/4, 1/4, cut off at the edges.
    ['halved', 4, 2, [3 / 7, 3 / 7, 1 / 7, 0, 0, 1 / 7, 3 / 7, 3 / 7]],
    ['to one pixel', 3, 1, [2 / 7, 3 / 7, 2 / 7]],
    ['from one pixel', 1, 3, [1, 1, 1]],
  ])('%s', (_name, from, to, expected) => {
    expectAllClose(weights(from, to), expected, { absolute: 2 ** -23 });
  });

  it.each([
    [32, 224],
    [32, 64],
    [32, 33],
    [32, 31],
    [32, 8],
    [5, 17],
    [17, 5],
  ])('%d to %d: weights of a pixel sum to 1, none is negative, and the picture is not turned', (from, to) => {
    const rows = rowsOf(from, to);
    for (const [index, row] of rows.entries()) {
      expect(row.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 6);
      expect(Math.min(...row)).toBeGreaterThanOrEqual(0);
      // Mirrored, the same.
      expectAllClose(row, rows[to - 1 - index]!.toReversed(), { absolute: 2 ** -22 });
    }
  });

  it('weights are whole numbers, which float32 holds', () => {
    expect(resizeMatrix(32, 48).every(Number.isInteger)).toBe(true);
    expect(Math.max(...resizeMatrix(32, 224))).toBe(WEIGHT_ONE);
  });

  it('the filter widens when shrinking alone', () => {
    const width = (row: number[]) => row.filter((weight) => weight > 0).length;
    expect(Math.max(...rowsOf(32, 224).map(width))).toBe(2);
    expect(width(rowsOf(32, 8)[4]!)).toBe(8);
    expect(width(rowsOf(32, 4)[2]!)).toBe(16);
  });
});
