import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { modelGraph } from '../../src/logging/model_graph.js';
import { GraphDefSchema } from '../../src/logging/tensorboard_pb.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const { node } = fromBinary(GraphDefSchema, modelGraph(tinyPlan().network, 'cross_entropy'));

/** The output shape of a node. */
const shapeOf = (name: string) => {
  const value = node.find((one) => one.name === name)?.attr._output_shapes?.value;
  return value?.case === 'list' ? value.value.shape[0]?.dim.map(({ size }) => Number(size)) : undefined;
};

test('a node for each layer, heads in scopes of their own, both ends in the loss', () => {
  expect(node.map(({ name, op, input }) => `${name}: ${op}(${input.join(', ')})`)).toEqual([
    'images-in: Placeholder()',
    'conv1: conv(images-in)',
    'inception1: inception(conv1)',
    'dropout: dropout(inception1)',
    'pool: global_avg_pool(dropout)',
    'fc: linear(pool)',
    'head/pool: avg_pool(inception1)',
    'head/flatten: flatten(head/pool)',
    'head/dropout: dropout(head/flatten)',
    'head/fc: linear(head/dropout)',
    'total-loss: cross_entropy(fc, head/fc)',
  ]);
});

test('with shapes and options', () => {
  expect(shapeOf('images-in')).toEqual([-1, 3, 32, 32]);
  expect(shapeOf('conv1')).toEqual([-1, 6, 8, 8]);
  expect(shapeOf('head/pool')).toEqual([-1, 12, 2, 2]);
  expect(shapeOf('fc')).toEqual([-1, 8]);
  expect(shapeOf('total-loss')).toEqual([]);
  const text = (key: string) => {
    const value = node[1]!.attr[key]?.value;
    return value?.case === 's' ? new TextDecoder().decode(value.value) : undefined;
  };
  expect(['filters', 'activation', 'bias', 'name', 'type'].map(text)).toEqual([
    ...['6', 'relu', 'true', undefined, undefined],
  ]);
});
