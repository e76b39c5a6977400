import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { foldConstants } from '../../src/export/fold_constants.js';
import { constantNode, type GraphModel, type NodeDef, type Weight } from '../../src/export/graph_model.js';
import { toArtifacts } from '../../src/export/graph_model_files.js';

const info = (name: string) =>
  ({ name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '2' }] } }) as const;
const node = (name: string, op: string, ...input: string[]): NodeDef => ({ name, op, input, attr: {} });

const weights = new Map<string, Weight>([
  ['w', { shape: [4], dtype: 'float32', values: Float32Array.from([1, 2, 3, 4]) }],
  ['sizes', { shape: [2], dtype: 'int32', values: Int32Array.from([2, 2]) }],
  ['axis', { shape: [], dtype: 'int32', values: Int32Array.from([0]) }],
  ['kept', { shape: [], dtype: 'float32', values: Float32Array.from([0.5]) }],
]);

/** y = (x + first half of 2w) · second half of 2w − kept */
const graph: GraphModel = {
  nodes: [
    { ...node('x', 'Placeholder'), attr: { dtype: { type: 'DT_FLOAT' } } },
    ...[...weights].map(([name, { dtype }]) => constantNode(name, dtype)),
    node('double', 'AddV2', 'w', 'w'),
    node('halves', 'SplitV', 'double', 'sizes', 'axis'),
    node('sum', 'AddV2', 'x', 'halves'),
    node('product', 'Mul', 'sum', 'halves:1'),
    node('y', 'Sub', 'product', 'kept'),
  ],
  weights,
  inputs: { x: info('x') },
  outputs: { y: info('y') },
};

it('computes what depends on weights alone, and keeps the rest', async () => {
  const folded = await foldConstants(graph);
  expect(folded.nodes.map(({ name, op, input }) => [name, op, ...input])).toEqual([
    ['kept', 'Const'],
    ['halves', 'Const'],
    ['halves_1', 'Const'],
    ['x', 'Placeholder'],
    ['sum', 'AddV2', 'x', 'halves'],
    ['product', 'Mul', 'sum', 'halves_1'],
    ['y', 'Sub', 'product', 'kept'],
  ]);
  const values = [...folded.weights].map(([name, weight]) => [name, weight.shape, ...weight.values]);
  expect(values).toEqual([
    ['kept', [], 0.5],
    ['halves', [2], 2, 4],
    ['halves_1', [2], 6, 8],
  ]);
  const model = await tf.loadGraphModel(tf.io.fromMemory(toArtifacts(folded)));
  const y = model.execute({ x: tf.tensor1d([10, 20]) }, 'y') as tf.Tensor;
  expect([...y.dataSync()]).toEqual([71.5, 191.5]);
});

it('leaves a graph without such parts as it is', async () => {
  const small = {
    ...graph,
    nodes: [graph.nodes[0]!, constantNode('kept', 'float32'), node('y', 'Sub', 'x', 'kept')],
  };
  const folded = await foldConstants({ ...small, weights: new Map([['kept', weights.get('kept')!]]) });
  expect(folded.nodes.map(({ name }) => name)).toEqual(['kept', 'x', 'y']);
});
