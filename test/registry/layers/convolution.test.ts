import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  areSideBySide,
  type Convolution,
  forwardSideBySide,
} from '../../../src/registry/layers/convolution.js';
import { symmetricPadding } from '../../../src/registry/layers/window.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolution, relu } from '../../helpers/naive.js';
import { toChannelsFirst, toChannelsLast } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { allRunners } from '../../helpers/runners.js';

const each: Convolution = {
  kernel: [3, 2],
  stride: [1, 2],
  padding: symmetricPadding([1, 0]),
  dilation: [1, 1],
  groups: 1,
  bias: true,
  activation: 'relu',
};

describe.each(allRunners)('convolutions side by side on %s', (_name, run) => {
  it.each([[[2, 3]], [[1, 4, 2]]])('with %j filters: as one by one', async (filters) => {
    const random = new TestRandom(21);
    const x = random.tensor([2, 3, 4, 5]);
    const weights = filters.map((count) => random.tensor([count, 3, 3, 2]));
    const biases = filters.map((count) => random.tensor([count]));
    const outputs = await run(
      ([input, ...parameters]) => {
        const tensors = filters.map((_, index) => (name: string) => {
          return parameters[name === 'weight' ? index : filters.length + index]!;
        });
        return forwardSideBySide(tf, each, tensors, input!);
      },
      [toChannelsLast(x), ...weights, ...biases],
    );
    const window = { kernel: [3, 2], stride: [1, 2], padding: [1, 0] } as const;
    for (const [index, output] of outputs.entries()) {
      const expected = relu(convolution(x, weights[index]!, biases[index]!, window));
      const actual = toChannelsFirst(output);
      expect(actual.shape).toEqual(expected.shape);
      expectAllClose(actual.values, expected.values);
    }
  });
});

it('stand side by side where they differ in their filters alone', () => {
  expect(areSideBySide(each, { ...each })).toBe(true);
  const others: Partial<Convolution>[] = [
    { kernel: [3, 3] },
    { stride: [2, 2] },
    { padding: symmetricPadding([0, 1]) },
    { bias: false },
    { activation: 'none' },
  ];
  for (const other of others) expect(areSideBySide(each, { ...each, ...other })).toBe(false);
});
