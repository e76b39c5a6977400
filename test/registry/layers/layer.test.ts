import { describe, expect, it } from 'vitest';
import { featureMap, OptionError } from '../../../src/registry/layers/layer.js';

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
});

it('an OptionError says what was expected', () => {
  expect(new OptionError('kernel', 'at most 4', '5')).toMatchObject({
    message: 'expected at most 4, got 5',
    option: 'kernel',
  });
});
