import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileUpdate } from '../../../src/engines/onnxruntime/compile_device.js';
import { encodeModel } from '../../../src/engines/onnxruntime/encode.js';
import * as ort from '../../../src/engines/onnxruntime/onnxruntime.js';
import { drawMasks } from '../../../src/model/masks.js';
import { backends } from '../../../src/registry/backends.js';
import { GraphBuilder } from '../../../src/tracing/graph.js';
import { deviceOperators } from '../../../src/tracing/kernels/index.js';
import { traceTraining } from '../../../src/tracing/step_graphs.js';
import { expectAllClose } from '../../helpers/all_close.js';
import { convolution } from '../../helpers/naive.js';
import { livelyState, programs, randomBatch, trainStepOn } from '../../helpers/programs.js';
import { TestRandom } from '../../helpers/random.js';
import { runGraph } from '../../helpers/runners.js';
import { everyLayerPlan } from '../../helpers/small_plan.js';
import { requireWebgpu } from '../../helpers/webgpu.js';

const plan = everyLayerPlan({ optimizer: { type: 'adam' } });
const { executionProvider } = backends['onnxruntime-webgpu'];
const step = (number: number) =>
  [randomBatch(plan, 2, number), drawMasks(plan, 0, 0, 2), { step: number, learningRate: 0.1 }] as const;

/** How many tensors of the state lie where, for each run of a session from now on. */
function watchFeeds() {
  const runs: Record<string, number>[] = [];
  const { create } = ort.InferenceSession;
  vi.spyOn(ort.InferenceSession, 'create').mockImplementation((async (
    ...given: Parameters<typeof create>
  ) => {
    const session = await create.apply(ort.InferenceSession, given);
    const run = session.run.bind(session);
    vi.spyOn(session, 'run').mockImplementation((feeds) => {
      const places: Record<string, number> = {};
      for (const [name, tensor] of Object.entries(feeds as Record<string, ort.Tensor>))
        if (/\.(weight|bias)$/.test(name)) places[tensor.location] = (places[tensor.location] ?? 0) + 1;
      runs.push(places);
      return run(feeds);
    });
    return session;
  }) as typeof create);
  return runs;
}

describe('on WebGPU', { timeout: 300_000 }, () => {
  afterEach(() => vi.restoreAllMocks());

  it('the state goes to the device once, and back where it is asked for', async () => {
    const program = await programs['onnxruntime-webgpu'](plan, livelyState(plan));
    // Parameters and Adam's two slots.
    const tensors = livelyState(plan).parameters.size * 3;
    const runs = watchFeeds();
    await trainStepOn(program, ...step(1));
    await trainStepOn(program, ...step(2));
    await program.evaluate(randomBatch(plan, 2, 3));
    await program.state();
    const [upload, ...later] = runs;
    expect(upload).toEqual({ cpu: tensors });
    // Two steps and updates, an evaluation, and the way back.
    expect(later).toHaveLength(6);
    for (const places of later) expect(Object.keys(places)).toEqual(['gpu-buffer']);
    // An update also reads the gradients.
    expect(later[1]).toEqual({ 'gpu-buffer': (tensors * 4) / 3 });
    expect(later.at(-1)).toEqual({ 'gpu-buffer': tensors });
    program.dispose();
  });

  it('every node of a training step runs on the device', async () => {
    await requireWebgpu();
    const graphs = [await traceTraining(plan, 2, deviceOperators), await compileUpdate(plan)];
    // With this, ONNX Runtime refuses a graph of which it would leave a node to the CPU.
    const extra = { session: { disable_cpu_ep_fallback: '1' } };
    for (const { graph } of graphs) {
      const session = await ort.InferenceSession.create(encodeModel(graph), {
        executionProviders: [executionProvider],
        logSeverityLevel: 3,
        extra,
      });
      await session.release();
    }
    const other = new GraphBuilder();
    other.output(
      'y',
      other.node('Erf', [other.node('Sum', [other.input('x', 'float32', [1])])]),
      'float32',
      [1],
    );
    const refused = ort.InferenceSession.create(encodeModel(other.finish()), {
      executionProviders: [executionProvider],
      logSeverityLevel: 4,
      extra,
    });
    await expect(refused).rejects.toThrow(/fallback/i);
  });

  it.each([
    [6, 4],
    [15, 8],
    [3, 4],
    [5, 4],
  ])(
    'a convolution of %i channels to %i, which the provider gets wrong in its own layout',
    async (from, to) => {
      await requireWebgpu();
      const random = new TestRandom(from);
      const [x, filter] = [random.tensor([2, from, 5, 6]), random.tensor([to, from, 3, 3])];
      const graph = new GraphBuilder();
      const inputs = [graph.input('0', 'float32', x.shape), graph.input('1', 'float32', filter.shape)];
      graph.output('y', graph.node('Conv', inputs, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }), 'float32', [
        2,
        to,
        5,
        6,
      ]);
      const [y] = await runGraph(graph.finish(), [x, filter], executionProvider);
      const expected = convolution(x, filter, null, { kernel: [3, 3], stride: [1, 1], padding: [1, 1] });
      expectAllClose(y!.values, expected.values, { relative: 1e-4, absolute: 1e-4 });
    },
  );
});
