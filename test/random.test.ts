import { describe, expect, it } from 'vitest';
import { fillBernoulli, fillUniform, permutation, randomStream, threefry2x32 } from '../src/random.js';

describe('threefry2x32', () => {
  // The known answers of Random123's kat_vectors file.
  it.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ] as const)('key %j, counter %j', (key, counter, expected) => {
    expect(threefry2x32(key, counter)).toEqual(expected);
  });
});

describe('randomStream', () => {
  it('depends on each of seed, purpose and epoch, and on nothing drawn before', () => {
    const first = randomStream(1, 'shuffle', 2).uint32(3);
    randomStream(5, 'other', 6).uint32(7);
    expect(randomStream(1, 'shuffle', 2).uint32(3)).toBe(first);
    const keys = [
      randomStream(1, 'shuffle', 2),
      randomStream(0, 'shuffle', 2),
      randomStream(1 + 2 ** 32, 'shuffle', 2),
      randomStream(1, 'shufflf', 2),
      randomStream(1, 'shuffle', 3),
    ].map((stream) => stream.key.join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('reads both words of a block, and indices above 2^32', () => {
    const stream = randomStream(9, 'words', 0);
    expect([stream.uint32(4), stream.uint32(5)]).toEqual(threefry2x32(stream.key, [2, 0]));
    expect([stream.uint32(2 ** 34), stream.uint32(2 ** 34 + 1)]).toEqual(threefry2x32(stream.key, [0, 2]));
  });

  it('is uniform: mean, variance, lag correlation and a chi-squared over 16 bins', () => {
    const stream = randomStream(42, 'statistics', 0);
    const n = 100_000;
    const bins = new Float64Array(16);
    let sum = 0;
    let squares = 0;
    let lag = 0;
    let previous = 0.5;
    for (let i = 0; i < n; i++) {
      const u = stream.uniform(i);
      expect(u >= 0 && u < 1).toBe(true);
      sum += u;
      squares += (u - 0.5) ** 2;
      lag += (u - 0.5) * (previous - 0.5);
      previous = u;
      bins[stream.integer(i + n, 16)]! += 1;
    }
    // Bounds at five standard errors; the chi-squared of 15 degrees of freedom passes 44 once in 10,000.
    expect(Math.abs(sum / n - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(squares / n - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / n));
    expect(Math.abs(lag / n)).toBeLessThan(5 / 12 / Math.sqrt(n));
    const chiSquared = bins.reduce((total, count) => total + (count - n / 16) ** 2 / (n / 16), 0);
    expect(chiSquared).toBeLessThan(44);
  });

  it('keeps integer() below n up to 2^32', () => {
    const stream = randomStream(0, 'bounds', 0);
    for (const n of [1, 2, 10, 50_000, 2 ** 32]) {
      for (let i = 0; i < 1000; i++) {
        const value = stream.integer(i, n);
        expect(Number.isInteger(value) && value >= 0 && value < n).toBe(true);
      }
    }
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses seed %d', (seed) => {
    expect(() => randomStream(seed, 'x', 0)).toThrow(RangeError);
  });

  it.each([-1, 0.5, 2 ** 32])('refuses epoch %d', (epoch) => {
    expect(() => randomStream(0, 'x', epoch)).toThrow(RangeError);
  });
});

describe('fillUniform', () => {
  it.each([
    [0, 7],
    [3, 8],
    [3, 1],
    [10, 0],
  ])('from offset %d, %d values: what uniform() draws one by one', (offset, length) => {
    const stream = randomStream(7, 'init.conv1.weight', 0);
    const out = new Float32Array(length);
    fillUniform(out, stream, offset, -2, 2);
    expect([...out]).toEqual(
      Array.from({ length }, (_, i) => Math.fround(-2 + 4 * stream.uniform(offset + i))),
    );
  });
});

describe('fillBernoulli', () => {
  it.each([
    [0, 7, 0.5],
    [3, 8, 0.7],
    [3, 1, 0.2],
    [10, 0, 0.5],
    [1, 1001, 1 / 3],
    [0, 100, 0],
    [5, 100, 1],
  ])('from offset %d, %d values, %f: what uniform() draws one by one', (offset, length, probability) => {
    const stream = randomStream(7, 'dropout.drop', 3);
    const out = new Uint8Array(length);
    fillBernoulli(out, stream, offset, probability);
    const one = (_: unknown, i: number) => (stream.uniform(offset + i) < probability ? 1 : 0);
    expect([...out]).toEqual(Array.from({ length }, one));
  });
});

describe('permutation', () => {
  it('holds each number once and differs between epochs', () => {
    const first = permutation(3, 'shuffle', 0, 1000);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(permutation(3, 'shuffle', 0, 1000)).toEqual(first);
    expect(permutation(3, 'shuffle', 1, 1000)).not.toEqual(first);
  });

  it('draws the six orders of three about equally often', () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = permutation(11, 'orders', epoch, 3).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });

  it.each([0, 1])('of %d', (n) => {
    expect([...permutation(0, 'shuffle', 0, n)]).toEqual(n === 0 ? [] : [0]);
  });
});
