import { describe, expect, it } from 'vitest';
import { featureMap, flatFeatures, OptionError } from '../../../src/registry/layers/layer.js';

const thrownBy = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('the shape that a layer wants', () => {
  it('is handed on', () => {
    expect(featureMap([3, 4, 5])).toEqual([3, 4, 5]);
    expect(flatFeatures([7])).toBe(7);
  });

  it('is no feature map', () => {
    const error = thrownBy(() => featureMap([7]));
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({
      option: null,
      expected: 'an input of channels × height × width',
      actual: expect.stringMatching(/^7 flat features/),
    });
  });

  it('is not flat', () => {
    expect(thrownBy(() => flatFeatures([3, 4, 5]))).toMatchObject({
      option: null,
      expected: 'flat features',
      actual: expect.stringMatching(/^a feature map of 3 × 4 × 5/),
    });
  });
});

it('an OptionError says what was expected', () => {
  expect(new OptionError('kernel', 'at most 4', '5')).toMatchObject({
    message: 'expected at most 4, got 5',
    option: 'kernel',
  });
});
