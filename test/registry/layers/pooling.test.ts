import { describe, expect, it } from 'vitest';
import { planPooling, poolingWindow } from '../../../src/registry/layers/pooling.js';

describe('poolingWindow', () => {
  it('takes the window as the stride where none is given', () => {
    expect(poolingWindow({ kernel: [3, 2], stride: null, padding: [1, 0] })).toEqual({
      kernel: [3, 2],
      stride: [3, 2],
      padding: { top: 1, bottom: 1, left: 0, right: 0 },
    });
    expect(poolingWindow({ kernel: 3, stride: [1, 2], padding: 0 }).stride).toEqual([1, 2]);
  });

  it.each([
    [3, 2, 'expected at most half of the 3 × 3 window, got 2'],
    [[4, 1] as const, [2, 1] as const, 'expected at most half of the 4 × 1 window, got 2,1'],
    [1, 1, 'expected at most half of the 1 × 1 window, got 1'],
  ])('window %j refuses padding %j', (kernel, padding, message) => {
    expect(() => poolingWindow({ kernel, stride: 1, padding })).toThrow(message);
  });

  it.each([
    [2, 1],
    [3, 1],
    [4, 2],
  ])('window %d takes padding %d', (kernel, padding) => {
    expect(() => poolingWindow({ kernel, stride: 1, padding })).not.toThrow();
  });
});

describe('planPooling', () => {
  it('keeps the channels, trains nothing', () => {
    expect(planPooling({ kernel: 3, stride: 2, padding: 1 }, [64, 110, 109])).toEqual({
      output: [64, 55, 55],
      tensors: [],
      macs: 0,
      mask: null,
    });
  });

  it('refuses a window larger than its grid, and flat features', () => {
    expect(() => planPooling({ kernel: 5, stride: 2, padding: 0 }, [4, 4, 4])).toThrow('got 5 × 5');
    expect(() => planPooling({ kernel: 1, stride: 1, padding: 0 }, [4])).toThrow('got 4 flat features');
  });
});
