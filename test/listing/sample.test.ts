import { describe, expect, it } from 'vitest';
import { complement, isSortedByClass, limitedIndices, stratifiedSample } from '../../src/listing/sample.js';

/** counts[c] images of each class c, side by side, or in turns. */
const sorted = (counts: readonly number[]) =>
  Int32Array.from(counts.flatMap((count, label) => new Array<number>(count).fill(label)));
const mixed = (count: number, classes: number) => Int32Array.from({ length: count }, (_, i) => i % classes);

const countsOf = (labels: Int32Array, indices: Uint32Array, classes: number) =>
  Array.from({ length: classes }, (_, label) => indices.filter((index) => labels[index] === label).length);

describe('stratifiedSample', () => {
  it.each([
    ['even shares', [10, 20, 30], 6, [1, 2, 3]],
    // Exact shares 3.33, 3.33, 3.33: the lower class gets what is left.
    ['a tie', [10, 10, 10], 10, [4, 3, 3]],
    // Exact shares 0.7, 1.4, 4.9: the largest remainders are those of the last and the first.
    ['the largest remainders', [1, 2, 7], 7, [1, 1, 5]],
    ['everything', [3, 1, 2], 6, [3, 1, 2]],
    ['nothing', [3, 1, 2], 0, [0, 0, 0]],
  ])('%s', (_name, counts, count, expected) => {
    const labels = sorted(counts);
    const chosen = stratifiedSample(labels, count, 5, 'validation');
    expect(countsOf(labels, chosen, counts.length)).toEqual(expected);
    expect(new Set(chosen).size).toBe(count);
    expect([...chosen]).toEqual([...chosen].sort((a, b) => a - b));
  });

  it('is a function of labels, count, seed and purpose', () => {
    const labels = mixed(200, 4);
    const first = stratifiedSample(labels, 40, 1, 'validation');
    expect(stratifiedSample(labels, 40, 1, 'validation')).toEqual(first);
    expect(stratifiedSample(labels, 40, 2, 'validation')).not.toEqual(first);
    expect(stratifiedSample(labels, 40, 1, 'limit.train')).not.toEqual(first);
    // Classes draw each for itself: their places differ.
    const places = (label: number) =>
      [...first].filter((i) => labels[i] === label).map((i) => (i - label) / 4);
    expect(places(0)).not.toEqual(places(1));
  });

  it('complement has the others', () => {
    expect([...complement(Uint32Array.of(0, 3, 4), 6)]).toEqual([1, 2, 5]);
    expect([...complement(new Uint32Array(), 2)]).toEqual([0, 1]);
  });
});

describe('limit', () => {
  it.each([
    ['sorted', [0, 0, 2, 2, 1], true],
    ['one class', [3, 3], true],
    ['nothing', [], true],
    ['a class that comes again', [0, 1, 0], false],
    ['mixed', [2, 0, 1, 2], false],
  ])('sees labels: %s', (_name, labels, expected) => {
    expect(isSortedByClass(Int32Array.from(labels))).toBe(expected);
  });

  it('takes the first images where the labels are mixed', () => {
    expect([...limitedIndices(mixed(100, 10), 7, 0, 'train')]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    // Of a data set that is read only as far as it takes to see that.
    expect([...limitedIndices(mixed(4, 2), 7, 0, 'train')]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('takes a sample of each class where they are sorted', () => {
    const labels = sorted([100, 50, 50]);
    const chosen = limitedIndices(labels, 20, 3, 'train');
    expect(countsOf(labels, chosen, 3)).toEqual([10, 5, 5]);
    expect([...chosen].slice(0, 10)).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(limitedIndices(labels, 20, 3, 'train')).toEqual(chosen);
    expect(limitedIndices(labels, 20, 4, 'train')).not.toEqual(chosen);
  });
});
