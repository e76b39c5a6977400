import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { toGraphModel } from '../../src/export/graph_model.js';
import { toArtifacts } from '../../src/export/graph_model_files.js';
import { graphModelOperations } from '../../src/export/tensorflow_ops.js';
import { groupedConvolution } from '../../src/registry/layers/grouped_convolution.js';
import { input, output, traceGraph } from '../../src/tracing/trace_graph.js';
import { expectAllClose } from '../helpers/all_close.js';
import { TestRandom } from '../helpers/random.js';
import { type Input, runners, type TensorFunction } from '../helpers/runners.js';

/** Runs a function as a graph model and eagerly on TensorFlow.js' cpu backend, and expects the same. */
async function expectSame(run: TensorFunction, inputs: readonly Input[]): Promise<void> {
  const expected = await runners.cpu(run, inputs);
  const { graph: traced } = await traceGraph(graphModelOperations, (trace) => {
    const tensors = inputs.map(({ shape, type = 'float32' }, index) =>
      input(trace, `x${index}`, type, shape),
    );
    for (const [index, tensor] of [run(tensors)].flat().entries()) output(trace, `y${index}`, tensor);
  });
  await loadTfjs('cpu');
  const graph = toGraphModel(traced);
  const graphModel = await tf.loadGraphModel(tf.io.fromMemory(toArtifacts(graph)));
  const feeds = inputs.map(({ shape, values, type = 'float32' }, index) => [
    `x${index}`,
    tf.tensor([...Array.from(values)], [...shape], type === 'float32' ? 'float32' : 'int32'),
  ]);
  const names = expected.map((_, index) => `y${index}`);
  const results = [graphModel.execute(Object.fromEntries(feeds), names)].flat();
  for (const [index, { shape, values }] of expected.entries()) {
    expect(results[index]!.shape).toEqual(shape);
    expectAllClose(results[index]!.dataSync(), values);
  }
}

type Pair = [number, number];

const random = new TestRandom(1);
const map = random.tensor([2, 5, 6, 3]);
const positive = { ...map, values: Array.from(map.values, (value) => Math.abs(value) + 0.1) };
const matrix = random.tensor([4, 3]);
const pads: [Pair, Pair, Pair, Pair] = [
  [0, 0],
  [1, 2],
  [2, 0],
  [0, 0],
];

const cases: Record<string, [TensorFunction, readonly Input[]]> = {
  'functions of one value': [
    ([x]) => [
      ...[tf.abs, tf.erf, tf.exp, tf.floor, tf.neg, tf.relu, tf.sigmoid, tf.square, tf.tanh].map((f) =>
        f(x!),
      ),
      tf.clipByValue(x!, -0.25, 0.5),
      ...[tf.log, tf.sqrt, tf.reciprocal].map((f) => f(tf.add(tf.abs(x!), 0.5))),
    ],
    [map],
  ],
  'functions of two values, with broadcasting': [
    ([a, b]) => [tf.add, tf.sub, tf.mul, tf.div, tf.maximum, tf.minimum].map((f) => f(a!, b!)),
    [map, random.tensor([6, 1])],
  ],
  'constants of equal numbers': [
    ([x]) => [tf.mul(x!, tf.tensor1d([2, 2, 2])), tf.reshape(tf.add(tf.tensor1d([3, 3]), 1), [2, 1])],
    [map],
  ],
  reductions: [
    ([x]) => [tf.sum(x!, [1, 2]), tf.mean(x!, [1, 2]), tf.max(x!, -1, true), tf.mean(x!, [0], true)],
    [map],
  ],
  casts: [([x]) => tf.mul(tf.cast(tf.cast(x!, 'int32'), 'float32'), 0.5), [positive]],
  'shapes and orders': [
    ([x]) => [
      tf.transpose(x!, [0, 3, 1, 2]),
      tf.reshape(x!, [2, -1]),
      tf.expandDims(x!, 1),
      tf.concat([x!, tf.neg(x!)], 3),
      ...tf.split(x!, [1, 2], 3),
      tf.slice(x!, [0, 1, 0, 2], [2, 3, 6, 1]),
      tf.pad(x!, pads, 7),
    ],
    [map],
  ],
  'matrix products': [
    ([a, b, c]) => [
      tf.matMul(a!, b!),
      tf.matMul(a!, a!, false, true),
      tf.matMul(a!, a!, true, false),
      tf.matMul(c!, b!),
      tf.matMul(c!, tf.reshape(b!, [1, 3, 4])),
    ],
    [matrix, random.tensor([3, 4]), random.tensor([2, 5, 3])],
  ],
  convolutions: [
    ([x, filter, bias]) => [
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, [2, 1], pads),
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'),
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'valid', 'NHWC', 2),
      tf.fused.conv2d({
        x: x as tf.Tensor4D,
        filter: filter as tf.Tensor4D,
        strides: 1,
        pad: 'valid',
        bias: bias!,
      }),
    ],
    [map, random.tensor([2, 3, 3, 4]), random.tensor([4])],
  ],
  'convolutions in groups, with dilation': [
    ([x, depthwise, twice, grouped]) => {
      const padding = { top: 1, bottom: 2, left: 2, right: 0 };
      const convolve = (filter: tf.Tensor, groups: number, stride: Pair, dilation: Pair) =>
        groupedConvolution(tf, { groups, stride, dilation, padding }, x!, filter);
      return [
        convolve(depthwise!, 4, [2, 2], [1, 1]),
        convolve(twice!, 4, [1, 1], [1, 2]),
        convolve(twice!, 4, [2, 1], [1, 1]),
        convolve(grouped!, 2, [2, 2], [1, 1]),
        convolve(grouped!, 2, [2, 2], [1, 2]),
        convolve(tf.concat([grouped!, grouped!], 2), 1, [1, 1], [2, 2]),
      ];
    },
    [
      random.tensor([2, 5, 6, 4]),
      random.tensor([3, 2, 1, 4]),
      random.tensor([2, 2, 1, 8]),
      random.tensor([3, 3, 2, 6]),
    ],
  ],
  // Values below 0 everywhere: padding must not be the largest.
  'max-pooling': [
    ([x]) => [
      tf.maxPool(
        tf.sub(x!, 5) as tf.Tensor4D,
        [3, 2],
        [2, 1],
        [
          [0, 0],
          [1, 1],
          [1, 0],
          [0, 0],
        ],
      ),
      tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
    ],
    [map],
  ],
  'average pooling': [([x]) => tf.avgPool(x as tf.Tensor4D, [3, 2], [2, 1], 'valid'), [map]],
  softmax: [([x]) => tf.softmax(x!), [matrix]],
};

describe.each(Object.entries(cases))('%s', (_, [run, inputs]) => {
  it('as eager TensorFlow.js', () => expectSame(run, inputs));
});

it.each<[string, TensorFunction, string]>([
  [
    'a kernel that is not known',
    ([x]) => tf.cumsum(x!, 1),
    'kernel Cumsum has no translation to TensorFlow.js graph models',
  ],
  [
    'average pooling with padding',
    ([x]) => tf.avgPool(x as tf.Tensor4D, 3, 1, 'same'),
    'AvgPool with padding has no translation',
  ],
])('%s', async (_, run, message) => {
  await expect(expectSame(run, [map])).rejects.toThrow(message);
});
