import { describe, expect, it } from 'vitest';
import {
  CHANNELS_FIRST,
  CHANNELS_OUTERMOST,
  FILTER,
  naturalOrder,
  physicalShape,
  sameOrder,
} from '../../src/tracing/value.js';

describe('orders', () => {
  it.each([
    [0, []],
    [3, [0, 1, 2]],
  ])('natural, of rank %d', (rank, order) => expect(naturalOrder(rank)).toEqual(order));

  it.each([
    [[0, 1], [0, 1], true],
    [[0, 1], [1, 0], false],
    [[0, 1], [0, 1, 2], false],
    [[], [], true],
  ])('%j and %j are the same: %j', (a, b, same) => expect(sameOrder(a, b)).toBe(same));

  it.each([
    ['a feature map', [2, 5, 6, 3], CHANNELS_FIRST, [2, 3, 5, 6]],
    ['a feature map as a matrix', [2, 5, 6, 3], CHANNELS_OUTERMOST, [3, 2, 5, 6]],
    ['a filter', [5, 6, 3, 8], FILTER, [8, 3, 5, 6]],
    ['a number', [], [], []],
  ])('stored shape of %s', (_name, shape, order, stored) =>
    expect(physicalShape({ shape, order })).toEqual(stored),
  );
});
