import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import type { Port } from '../../src/tracing/graph.js';
import { onnxOperators } from '../../src/tracing/kernels/index.js';
import { traceEvaluation, traceTraining } from '../../src/tracing/step_graphs.js';
import { everyLayerPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan();
const training = async (batch: number) => (await traceTraining(plan, batch, onnxOperators)).graph;
const evaluation = async (batch: number) => (await traceEvaluation(plan, batch, onnxOperators)).graph;

/** Type and shape of each port, by name. */
function describePorts(ports: readonly Port[]): Record<string, string> {
  return Object.fromEntries(ports.map(({ name, type, shape }) => [name, `${type} ${shape.join('×')}`]));
}

const parameters = {
  'conv1.weight': 'float32 4×3×3×2',
  'conv1.bias': 'float32 4',
  'inception.conv1x1.weight': 'float32 2×4×1×1',
  'inception.conv1x1.bias': 'float32 2',
  'inception.conv3x3_reduce.weight': 'float32 2×4×1×1',
  'inception.conv3x3_reduce.bias': 'float32 2',
  'inception.conv3x3.weight': 'float32 3×2×3×3',
  'inception.conv3x3.bias': 'float32 3',
  'inception.conv5x5.weight': 'float32 2×4×5×5',
  'inception.conv5x5.bias': 'float32 2',
  'inception.convpool.weight': 'float32 2×4×1×1',
  'inception.convpool.bias': 'float32 2',
  'fc.weight': 'float32 4×9',
  'fc.bias': 'float32 4',
  'aux.conv.weight': 'float32 2×9×1×1',
  'aux.fc1.weight': 'float32 5×24',
  'aux.fc1.bias': 'float32 5',
  'aux.fc2.weight': 'float32 4×5',
};

describe('the graph of training', () => {
  it('reads a batch, masks and parameters, and yields metrics and a gradient for each parameter', async () => {
    const graph = await training(2);
    expect(describePorts(graph.inputs)).toEqual({
      ...parameters,
      'mask.drop_map': 'uint8 2×9×3×2',
      'mask.drop': 'uint8 2×9',
      images: 'uint8 2×3×6×5',
      labels: 'int32 2',
    });
    expect(describePorts(graph.outputs)).toEqual({
      // Loss, main loss, that of the head, correct images.
      metrics: 'float32 4',
      ...Object.fromEntries(Object.entries(parameters).map(([name, port]) => [`gradient.${name}`, port])),
    });
  });

  it('each node is named by its layer, in the backward pass too', async () => {
    const { nodes } = await training(2);
    const layers = new Set(nodes.map(({ scope }) => scope));
    const names = [...plan.network.layers, ...plan.network.auxiliary[0]!.layers].map(({ name }) => name);
    // Layers inside of others have names that begin with theirs.
    const isLayer = (scope: string) => names.some((name) => `${scope}.`.startsWith(`${name}.`));
    const others = [...layers].filter((scope) => !isLayer(scope));
    expect(others.filter((scope) => !['', 'loss', 'outputs'].includes(scope))).toEqual([]);
    for (const name of ['conv1', 'inception.conv3x3', 'aux.conv']) {
      const last = nodes.findLastIndex(({ scope }) => scope === name);
      const firstOfLoss = nodes.findIndex(({ scope }) => scope === 'loss');
      expect(last, name).toBeGreaterThan(firstOfLoss);
    }
  });
});

describe('the graph of evaluation', () => {
  it('reads the same parameters, no mask, and computes no head', async () => {
    const graph = await evaluation(3);
    expect(describePorts(graph.inputs)).toEqual({
      ...parameters,
      images: 'uint8 3×3×6×5',
      labels: 'int32 3',
    });
    expect(describePorts(graph.outputs)).toEqual({
      losses: 'float32 3',
      predicted: 'int32 3',
      logits: 'float32 3×4',
      probabilities: 'float32 3×4',
    });
    expect(graph.nodes.filter(({ scope }) => scope.startsWith('aux.'))).toEqual([]);
  });
});

describe('TensorFlow.js', () => {
  it('has no more tensors afterwards, and the backend that it had', async () => {
    await tf.setBackend('cpu');
    await training(1);
    const before = tf.memory().numTensors;
    await training(2);
    await evaluation(2);
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('traces one function at a time', async () => {
    await tf.setBackend('cpu');
    const alone = [await training(1), await training(2), await evaluation(2)];
    const together = await Promise.all([training(1), training(2), evaluation(2)]);
    expect(together).toEqual(alone);
    expect(tf.getBackend()).toBe('cpu');
  });
});
