import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  type Convolution,
  concatenatePlans,
  forwardSideBySide,
  planConvolution,
} from '../../../src/registry/layers/convolution.js';
import { uniformParameter } from '../../../src/registry/layers/layer.js';
import { symmetricPadding } from '../../../src/registry/layers/window.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolution, relu } from '../../helpers/naive.js';
import { toChannelsFirst, toChannelsLast } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';
import { allRunners } from '../../helpers/runners.js';

const branch = (prefix: string, filters: number): Convolution => ({
  prefix,
  filters,
  kernel: [3, 2],
  stride: [1, 2],
  padding: symmetricPadding([1, 0]),
  bias: true,
  activation: 'relu',
});

describe.each(allRunners)('convolutions side by side on %s', (_name, run) => {
  it.each([[[2]], [[2, 3]], [[1, 4, 2]]])('with %j filters: as one by one', async (filters) => {
    const random = new TestRandom(21);
    const branches = filters.map((count, index) => branch(`b${index}.`, count));
    const x = random.tensor([2, 3, 4, 5]);
    const weights = filters.map((count) => random.tensor([count, 3, 3, 2]));
    const biases = filters.map((count) => random.tensor([count]));
    const outputs = await run(
      ([input, ...parameters]) => {
        const named = new Map(
          branches.flatMap(({ prefix }, index) => [
            [`${prefix}weight`, parameters[index]!],
            [`${prefix}bias`, parameters[filters.length + index]!],
          ]),
        );
        const context = {
          training: false,
          input: [3, 4, 5] as const,
          setNext: () => {},
          tensor: (name: string) => named.get(name)!,
          mask: undefined,
        };
        return forwardSideBySide(tf, branches as [Convolution, ...Convolution[]], context, input!);
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

it('plans of branches add up', () => {
  const plans = [branch('a.', 2), branch('b.', 5)].map((each) => planConvolution(each, [3, 4, 5]));
  expect(concatenatePlans(plans)).toEqual({
    output: [7, 4, 2],
    tensors: [
      uniformParameter('a.weight', [2, 3, 3, 2], 1 / Math.sqrt(18)),
      uniformParameter('a.bias', [2], 1 / Math.sqrt(18)),
      uniformParameter('b.weight', [5, 3, 3, 2], 1 / Math.sqrt(18)),
      uniformParameter('b.bias', [5], 1 / Math.sqrt(18)),
    ],
    macs: 7 * 18 * 4 * 2,
    mask: null,
  });
});
