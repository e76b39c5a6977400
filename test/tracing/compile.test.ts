import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import {
  type GraphProto as Graph,
  ModelProtoSchema,
  TensorProto_DataType,
  type ValueInfoProto,
} from '../../src/engines/onnxruntime/onnx_pb.js';
import type { Partition, Segment } from '../../src/engines/onnxruntime/partition.js';
import {
  compileEvaluation,
  compileTraining,
  partitionEvaluation,
  partitionTraining,
} from '../../src/tracing/compile.js';
import { everyLayerPlan, smallPlan } from '../helpers/small_plan.js';

const plan = everyLayerPlan();

async function decoded(compiled: ReturnType<typeof compileTraining>) {
  const { model, nodes } = await compiled;
  const graph = fromBinary(ModelProtoSchema, model).graph!;
  expect(nodes).toBe(graph.node.filter(({ name }) => !name.startsWith('outputs/')).length);
  return graph;
}

/** Name, type and shape of each port. */
function describePorts(ports: readonly ValueInfoProto[]): Record<string, string> {
  return Object.fromEntries(
    ports.map(({ name, type }) => {
      if (type?.value.case !== 'tensorType') throw new Error(`${name} is no tensor`);
      const { elemType, shape } = type.value.value;
      return [
        name,
        `${TensorProto_DataType[elemType]} ${shape!.dim.map((dim) => dim.value.value).join('×')}`,
      ];
    }),
  );
}

const parameters = {
  'conv1.weight': 'FLOAT 4×3×3×2',
  'conv1.bias': 'FLOAT 4',
  'inception.conv1x1.weight': 'FLOAT 2×4×1×1',
  'inception.conv1x1.bias': 'FLOAT 2',
  'inception.conv3x3_reduce.weight': 'FLOAT 2×4×1×1',
  'inception.conv3x3_reduce.bias': 'FLOAT 2',
  'inception.conv3x3.weight': 'FLOAT 3×2×3×3',
  'inception.conv3x3.bias': 'FLOAT 3',
  'inception.conv5x5.weight': 'FLOAT 2×4×5×5',
  'inception.conv5x5.bias': 'FLOAT 2',
  'inception.convpool.weight': 'FLOAT 2×4×1×1',
  'inception.convpool.bias': 'FLOAT 2',
  'fc.weight': 'FLOAT 4×9',
  'fc.bias': 'FLOAT 4',
  'aux.conv.weight': 'FLOAT 2×9×1×1',
  'aux.fc1.weight': 'FLOAT 5×24',
  'aux.fc1.bias': 'FLOAT 5',
  'aux.fc2.weight': 'FLOAT 4×5',
};

describe('the graph of training', () => {
  it('reads a batch, masks and parameters, and yields metrics and a gradient for each parameter', async () => {
    const graph = await decoded(compileTraining(plan, 2));
    expect(describePorts(graph.input)).toEqual({
      ...parameters,
      'mask.drop_map': 'UINT8 2×9×3×2',
      'mask.drop': 'UINT8 2×9',
      images: 'UINT8 2×3×6×5',
      labels: 'INT32 2',
    });
    expect(describePorts(graph.output)).toEqual({
      // Loss, main loss, that of the head, correct images.
      metrics: 'FLOAT 4',
      ...Object.fromEntries(Object.entries(parameters).map(([name, port]) => [`gradient.${name}`, port])),
    });
  });

  it('each node is named by its layer, in the backward pass too', async () => {
    const { node } = await decoded(compileTraining(plan, 2));
    const layerOf = (name: string) => name.slice(0, name.lastIndexOf('/'));
    const layers = new Set(node.map(({ name }) => layerOf(name)));
    const names = [...plan.network.layers, ...plan.network.auxiliary[0]!.layers].map(({ name }) => name);
    expect([...layers].filter((name) => name !== '' && name !== 'loss' && !names.includes(name))).toEqual([]);
    for (const name of ['conv1', 'inception', 'aux.conv']) {
      const last = node.findLast((each) => layerOf(each.name) === name)!;
      const firstOfLoss = node.findIndex((each) => layerOf(each.name) === 'loss');
      expect(node.indexOf(last), name).toBeGreaterThan(firstOfLoss);
    }
  });
});

describe('the graph of evaluation', () => {
  it('reads the same parameters, no mask, and computes no head', async () => {
    const graph = await decoded(compileEvaluation(plan, 3));
    expect(describePorts(graph.input)).toEqual({ ...parameters, images: 'UINT8 3×3×6×5', labels: 'INT32 3' });
    expect(describePorts(graph.output)).toEqual({
      losses: 'FLOAT 3',
      predicted: 'INT32 3',
      logits: 'FLOAT 3×4',
      probabilities: 'FLOAT 3×4',
    });
    expect(graph.node.filter(({ name }) => name.startsWith('aux.'))).toEqual([]);
  });
});

describe('the parts of a graph', () => {
  const outputsOf = (graph: Graph) => graph.output.map(({ name }) => name);

  it('of training alternate with the gradients of max-pooling, and yield what the whole one does', async () => {
    const { steps, outputs } = await partitionTraining(plan, 2);
    const kinds = steps.map((step) => (step.kind === 'host' ? step.node.op : step.kind));
    // Backwards: the pooling of the inception module, then the layer.
    expect(kinds).toEqual(['segment', 'MaxPoolGradient', 'segment', 'MaxPoolGradient', 'segment']);
    expect(outputs.map(({ name }) => name)).toEqual(outputsOf(await decoded(compileTraining(plan, 2))));
  });

  it('of training are one where what passes between them takes more than 4 GiB', async () => {
    // The map before the pooling and its gradient take 512 KiB for each image; whatever else the step has is small.
    const large = smallPlan({
      image: [3, 64, 64],
      layers: [
        { type: 'conv', name: 'conv', filters: 16, kernel: 1 },
        { type: 'max_pool', name: 'pool', kernel: 64, stride: 64 },
        { type: 'flatten', name: 'flatten' },
        { type: 'linear', name: 'fc', units: 'num_classes' },
      ],
    });
    const kindsAt = async (batch: number) =>
      (await partitionTraining(large, batch)).steps.map(({ kind }) => kind);
    expect(await kindsAt(7000)).toEqual(['segment', 'host', 'segment']);
    expect(await kindsAt(8300)).toEqual(['segment']);
    const { crossings, outputs } = await partitionTraining(large, 8300);
    expect(crossings).toEqual([]);
    expect(outputs.map(({ name }) => name)).toEqual(outputsOf(await decoded(compileTraining(large, 2))));
  });

  it('of evaluation are one, whose poolings compute no positions', async () => {
    const { steps, outputs } = await partitionEvaluation(plan, 2);
    expect(steps.map(({ kind }) => kind)).toEqual(['segment']);
    expect(outputs.map(({ name }) => name)).toEqual(['losses', 'predicted', 'logits', 'probabilities']);
    const { node } = fromBinary(ModelProtoSchema, (steps[0] as Segment).model).graph!;
    const poolings = node.filter(({ opType }) => opType === 'MaxPool');
    expect(poolings.map(({ output }) => output.length)).toEqual([1, 1]);
  });
});

describe('the parts of a graph that resizes images', () => {
  const layers = [
    { type: 'flatten', name: 'flatten' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ];
  const resizing = smallPlan({ image: [3, 4, 4], layers, input: { resize: 64 } });
  const kinds = ({ steps }: Partition) =>
    steps.map((step) => (step.kind === 'host' ? step.node.op : step.kind));

  it.each([
    ['training', partitionTraining],
    ['evaluation', partitionEvaluation],
  ])('of %s begin with that, from the images', async (_name, compile) => {
    const parts = await compile(resizing, 2);
    expect(kinds(parts)).toEqual(['ResizeAndNormalize', 'segment']);
    expect(parts.copied).toEqual(['images']);
  });

  it('of evaluation are one where the resized images take more than 4 GiB', async () => {
    // 48 KiB an image.
    expect(kinds(await partitionEvaluation(resizing, 80_000))).toHaveLength(2);
    expect(kinds(await partitionEvaluation(resizing, 90_000))).toEqual(['segment']);
  });
});

describe('TensorFlow.js', () => {
  it('has no more tensors afterwards, and the backend that it had', async () => {
    await tf.setBackend('cpu');
    await compileTraining(plan, 1);
    const before = tf.memory().numTensors;
    await compileTraining(plan, 2);
    await compileEvaluation(plan, 2);
    expect(tf.memory().numTensors).toBe(before);
    expect(tf.getBackend()).toBe('cpu');
  });

  it('traces one function at a time', async () => {
    await tf.setBackend('cpu');
    const alone = [
      await compileTraining(plan, 1),
      await compileTraining(plan, 2),
      await compileEvaluation(plan, 2),
    ];
    const together = await Promise.all([
      compileTraining(plan, 1),
      compileTraining(plan, 2),
      compileEvaluation(plan, 2),
    ]);
    expect(together.map(({ model }) => model)).toEqual(alone.map(({ model }) => model));
    expect(tf.getBackend()).toBe('cpu');
  });
});
