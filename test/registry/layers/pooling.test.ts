import { describe, expect, it } from 'vitest';
import { type PoolingOptions, planPooling, poolingWindow } from '../../../src/registry/layers/pooling.js';

const INPUT = [2, 8, 9] as const;
const options = (changes: Partial<PoolingOptions>): PoolingOptions => ({
  kernel: 2,
  stride: 1,
  padding: 0,
  ceil_mode: false,
  ...changes,
});

describe('poolingWindow', () => {
  it('takes the window as the stride where none is given', () => {
    expect(poolingWindow(options({ kernel: [3, 2], stride: null, padding: [1, 0] }), INPUT)).toEqual({
      kernel: [3, 2],
      stride: [3, 2],
      given: [1, 0],
      padding: { top: 1, bottom: 1, left: 0, right: 0 },
    });
    expect(poolingWindow(options({ kernel: 3, stride: [1, 2] }), INPUT).stride).toEqual([1, 2]);
  });

  it.each([
    [3, 2, 'expected at most half of the 3 × 3 window, got 2'],
    [[4, 1] as const, [2, 1] as const, 'expected at most half of the 4 × 1 window, got 2,1'],
    [1, 1, 'expected at most half of the 1 × 1 window, got 1'],
  ])('window %j refuses padding %j', (kernel, padding, message) => {
    expect(() => poolingWindow(options({ kernel, padding }), INPUT)).toThrow(message);
  });

  it.each([
    [2, 1],
    [3, 1],
    [4, 2],
  ])('window %d takes padding %d', (kernel, padding) => {
    expect(() => poolingWindow(options({ kernel, padding }), INPUT)).not.toThrow();
  });
});

describe('ceil_mode', () => {
  // Sizes as torch.nn.MaxPool2d has them.
  it.each([
    [{ kernel: 3, stride: 2 }, [1, 6, 7], [3, 3], [1, 0]],
    [{ kernel: 3, stride: 2 }, [1, 2, 3], [1, 1], [1, 0]],
    [{ kernel: 2, stride: 3 }, [1, 4, 3], [2, 1], [1, 0]],
    [{ kernel: 2, stride: 3 }, [1, 3, 6], [1, 2], [0, 0]],
    [{ kernel: 3, stride: 2, padding: 1 }, [1, 4, 5], [3, 3], [2, 1]],
    [{ kernel: 2, stride: 2, padding: 1 }, [1, 3, 2], [2, 2], [1, 1]],
  ] as const)('%j of %j: %j', (changes, shape, size, end) => {
    const all = options({ ...changes, ceil_mode: true });
    expect(planPooling(all, shape).output).toEqual([1, ...size]);
    const { padding } = poolingWindow(all, shape);
    expect([padding.bottom, padding.right]).toEqual(end);
  });
});

describe('planPooling', () => {
  it('keeps the channels, trains nothing', () => {
    expect(planPooling(options({ kernel: 3, stride: 2, padding: 1 }), [64, 110, 109])).toEqual({
      output: [64, 55, 55],
      tensors: [],
      macs: 0,
      mask: null,
    });
  });

  it('refuses a window larger than its grid, and flat features', () => {
    expect(() => planPooling(options({ kernel: 5, stride: 2 }), [4, 4, 4])).toThrow('got 5 × 5');
    expect(() => planPooling(options({ kernel: 1 }), [4])).toThrow('got 4 flat features');
  });
});
