import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { modelGraph } from '../../src/logging/model_graph.js';
import { GraphDefSchema } from '../../src/logging/tensorboard_pb.js';
import { planLayers } from '../helpers/run_stack.js';
import { tinyPlan } from '../helpers/tiny_plan.js';

const { node } = fromBinary(GraphDefSchema, modelGraph(tinyPlan().network, 'cross_entropy'));

/** The output shape of a node. */
const shapeOf = (name: string) => {
  const value = node.find((one) => one.name === name)?.attr._output_shapes?.value;
  return value?.case === 'list' ? value.value.shape[0]?.dim.map(({ size }) => Number(size)) : undefined;
};

const MERGED = 'inception1/branches-0/merge-out';

test('a node for each layer, what holds layers and heads in scopes of their own, both ends in the loss', () => {
  expect(node.map(({ name, op, input }) => `${name}: ${op}(${input.join(', ')})`)).toEqual([
    'images-in: Placeholder()',
    'conv1: conv(images-in)',
    'inception1/conv1x1: conv(conv1)',
    'inception1/conv3x3: conv(conv1)',
    'inception1/conv5x5: conv(conv1)',
    'inception1/pool: max_pool(conv1)',
    'inception1/convpool: conv(inception1/pool)',
    `${MERGED}: branches(${['conv1x1', 'conv3x3', 'conv5x5', 'convpool'].map((name) => `inception1/${name}`).join(', ')})`,
    `dropout: dropout(${MERGED})`,
    'pool: global_avg_pool(dropout)',
    'fc: linear(pool)',
    `head/pool: avg_pool(${MERGED})`,
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

test('an empty stack leads the input to what merges it', () => {
  const residual = {
    type: 'residual',
    name: 'r',
    layers: [{ type: 'sequential', name: 's', layers: [{ type: 'relu', name: '0' }] }],
  };
  const { layers } = planLayers([residual, { type: 'relu' }], [3, 4, 4]).network;
  const graph = modelGraph({ reads: 'images', layers, auxiliary: [], numClasses: 3 }, 'cross_entropy');
  const drawn = fromBinary(GraphDefSchema, graph).node;
  expect(drawn.map(({ name, op, input }) => `${name}: ${op}(${input.join(', ')})`)).toEqual([
    'images-in: Placeholder()',
    'r/s/0: relu(images-in)',
    'r/merge-out: residual(r/s/0, images-in)',
    'relu-1: relu(r/merge-out)',
    'total-loss: cross_entropy(relu-1)',
  ]);
  expect(Object.keys(drawn[2]!.attr)).toEqual(['activation', '_output_shapes']);
});
