import { expect, test } from 'vitest';
import { Curve } from '../../src/logging/curve.js';

function curveOf(ys: readonly (number | null)[]): Curve {
  const curve = new Curve();
  ys.forEach((y, i) => {
    curve.add(i + 1, y);
  });
  return curve;
}

test('a short curve is kept as it is; values that were not finite are left out', () => {
  const curve = curveOf([0.1, null, 0.3]);
  expect(curve.points()).toEqual([
    { x: 1, y: 0.1 },
    { x: 3, y: 0.3 },
  ]);
  expect(curve.stride).toBe(1);
});

test('a long one becomes means of so many neighbours that 256 points are enough', () => {
  const values = Array.from({ length: 10_007 }, (_, i) => Math.sin(i / 100) + (i % 7));
  const curve = curveOf(values);
  const { stride } = curve;
  expect(stride).toBe(64);
  const points = curve.points();
  expect(points.length).toBe(Math.ceil(10_007 / 64));
  points.forEach(({ x, y }, i) => {
    const part = values.slice(i * stride, (i + 1) * stride);
    expect(y).toBeCloseTo(part.reduce((sum, value) => sum + value, 0) / part.length, 10);
    expect(x).toBeCloseTo(i * stride + (part.length + 1) / 2, 8);
  });
});

test('points stay between half of the most and the most', () => {
  for (const length of [255, 256, 257, 511, 515, 1024, 100_000]) {
    const count = curveOf(new Array<number>(length).fill(1)).points().length;
    expect(count).toBeGreaterThanOrEqual(128);
    expect(count).toBeLessThanOrEqual(256);
  }
});
