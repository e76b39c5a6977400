import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/config/resolve.js';
import { graphFor } from '../../../src/engines/engine.js';
import { OnnxRuntimeEngine } from '../../../src/engines/onnxruntime/engine.js';
import { type Partition, partition, type Segment } from '../../../src/engines/onnxruntime/partition.js';
import type { Graph } from '../../../src/tracing/graph.js';
import { onnxOperators } from '../../../src/tracing/kernels/index.js';
import { traceEvaluation, traceTraining } from '../../../src/tracing/step_graphs.js';
import { everyLayerPlan, smallPlan } from '../../helpers/small_plan.js';

const plan = everyLayerPlan();
const engine = new OnnxRuntimeEngine({ executionProviders: ['cpu'], threads: 1, device: false });

/** The parts of the graph that the engine takes. */
async function parts(trace: typeof traceTraining, model: Plan, batchSize: number): Promise<Partition> {
  return partition(await graphFor(engine, async (target) => (await trace(model, batchSize, target)).graph));
}

describe('the parts of a graph', () => {
  const outputsOf = ({ outputs }: Graph) => outputs.map(({ name }) => name);

  it('of training alternate with the gradients of max-pooling, and yield what the whole one does', async () => {
    const { steps, outputs } = await parts(traceTraining, plan, 2);
    const kinds = steps.map((step) => (step.kind === 'custom' ? step.node.op : step.kind));
    // Backwards: the pooling of the inception module, then the layer.
    expect(kinds).toEqual(['segment', 'MaxPoolGradient', 'segment', 'MaxPoolGradient', 'segment']);
    expect(outputs.map(({ name }) => name)).toEqual(
      outputsOf((await traceTraining(plan, 2, onnxOperators)).graph),
    );
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
      (await parts(traceTraining, large, batch)).steps.map(({ kind }) => kind);
    expect(await kindsAt(7000)).toEqual(['segment', 'custom', 'segment']);
    expect(await kindsAt(8300)).toEqual(['segment']);
    const { intermediates, outputs } = await parts(traceTraining, large, 8300);
    expect(intermediates).toEqual([]);
    expect(outputs.map(({ name }) => name)).toEqual(
      outputsOf((await traceTraining(large, 2, onnxOperators)).graph),
    );
  });

  it('of evaluation are one, whose poolings compute no positions', async () => {
    const { steps, outputs } = await parts(traceEvaluation, plan, 2);
    expect(steps.map(({ kind }) => kind)).toEqual(['segment']);
    expect(outputs.map(({ name }) => name)).toEqual(['losses', 'predicted', 'probabilities']);
    const poolings = (steps[0] as Segment).graph.nodes.filter(({ op }) => op === 'MaxPool');
    expect(poolings.map(({ outputs: results }) => results.length)).toEqual([1, 1]);
  });
});

describe('the parts of a graph that resizes images', () => {
  const layers = [
    { type: 'flatten', name: 'flatten' },
    { type: 'linear', name: 'fc', units: 'num_classes' },
  ];
  const resizing = smallPlan({ image: [3, 4, 4], layers, input: { resize: 64 } });
  const kinds = ({ steps }: Partition) =>
    steps.map((step) => (step.kind === 'custom' ? step.node.op : step.kind));

  it.each([
    ['training', traceTraining],
    ['evaluation', traceEvaluation],
  ])('of %s begin with that, from the images', async (_name, trace) => {
    const cut = await parts(trace, resizing, 2);
    expect(kinds(cut)).toEqual(['ResizeAndNormalize', 'segment']);
    expect(cut.copied).toEqual(['images']);
  });

  it('of evaluation are one where the resized images take more than 4 GiB', async () => {
    // 48 KiB an image.
    expect(kinds(await parts(traceEvaluation, resizing, 80_000))).toHaveLength(2);
    expect(kinds(await parts(traceEvaluation, resizing, 90_000))).toEqual(['segment']);
  });
});
