import { loadTfjs } from '../../src/backends/load_tfjs.js';
import type { Plan } from '../../src/config/resolve.js';
import { mixLabels } from '../../src/data/mixing.js';
import { CompiledExtractor } from '../../src/engines/compiled_extractor.js';
import { CompiledProgram } from '../../src/engines/compiled_program.js';
import { EagerExtractor } from '../../src/engines/eager/eager_extractor.js';
import { EagerProgram } from '../../src/engines/eager/eager_program.js';
import { DeviceProgram } from '../../src/engines/onnxruntime/device_program.js';
import { OnnxRuntimeEngine } from '../../src/engines/onnxruntime/engine.js';
import { drawMasks } from '../../src/model/masks.js';
import type { Batch, FeatureExtractor, Masks, Program, Update, Weights } from '../../src/model/program.js';
import { initialState, type ModelState } from '../../src/model/state.js';
import type { StepMetrics } from '../../src/model/step.js';
import { backends } from '../../src/registry/backends.js';
import { onednnEngine, whyNoOnednn } from './onednn.js';
import { elements } from './plain.js';
import { TestRandom } from './random.js';
import { whyNoTensorflow } from './tensorflow.js';
import { requireWebgpu } from './webgpu.js';

type Open = (plan: Plan, state: ModelState) => Promise<Program>;

/** @param device for the graph for devices */
const cpuEngine = (device: boolean) =>
  new OnnxRuntimeEngine({ executionProviders: ['cpu'], threads: 1, device });

/** Each way to a program; a test that needs WebGPU is skipped where it is not. */
export const programs = {
  'onnxruntime-cpu': async (plan, state) => new CompiledProgram(plan, cpuEngine(false), state),
  onednn: async (plan, state) => new CompiledProgram(plan, await onednnEngine(), state),
  'onnxruntime-webgpu': async (plan, state) => {
    await requireWebgpu();
    return new DeviceProgram(plan, { ...backends['onnxruntime-webgpu'], threads: 1 }, state);
  },
  // What runs with CUDA, on a provider that every machine has.
  'the graph for CUDA': async (plan, state) => new CompiledProgram(plan, cpuEngine(true), state),
  tensorflow: async (plan, state) => new EagerProgram(await loadTfjs('tensorflow'), plan, state),
  wasm: async (plan, state) => new EagerProgram(await loadTfjs('wasm'), plan, state),
  cpu: async (plan, state) => new EagerProgram(await loadTfjs('cpu'), plan, state),
} satisfies Record<string, Open>;

type OpenExtractor = (plan: Plan, weights: Weights) => Promise<FeatureExtractor>;

/** Each way to features. */
export const extractors = {
  'onnxruntime-cpu': async (plan, weights) => new CompiledExtractor(plan, cpuEngine(false), weights),
  onednn: async (plan, weights) => new CompiledExtractor(plan, await onednnEngine(), weights),
  'onnxruntime-webgpu': async (plan, weights) => {
    await requireWebgpu();
    const { executionProvider } = backends['onnxruntime-webgpu'];
    const engine = new OnnxRuntimeEngine({
      executionProviders: [executionProvider],
      threads: 1,
      device: true,
    });
    return new CompiledExtractor(plan, engine, weights);
  },
  'the graph for CUDA': async (plan, weights) => new CompiledExtractor(plan, cpuEngine(true), weights),
  tensorflow: async (plan, weights) => new EagerExtractor(await loadTfjs('tensorflow'), plan, weights),
  wasm: async (plan, weights) => new EagerExtractor(await loadTfjs('wasm'), plan, weights),
  cpu: async (plan, weights) => new EagerExtractor(await loadTfjs('cpu'), plan, weights),
} satisfies Record<keyof typeof programs, OpenExtractor>;

/** Each way to a program that is open here, by name. */
export const allPrograms = Object.entries(programs).filter(
  ([name]) =>
    (name !== 'tensorflow' || whyNoTensorflow === null) && (name !== 'onednn' || whyNoOnednn === null),
);

/** Random images and labels that fit a plan. */
export function randomBatch(plan: Plan, size: number, seed: number): Batch & { images: Uint8Array } {
  const random = new TestRandom(seed);
  const { channels, height, width } = plan.dataset.image;
  const pixels = random.integers([size, channels, height, width], 0, 255);
  const labels = random.integers([size], 0, plan.network.numClasses - 1);
  const batch = { size, images: Uint8Array.from(pixels.values), labels: Int32Array.from(labels.values) };
  return plan.config.mixing ? { ...batch, ...mixLabels(batch.labels, plan.network.numClasses, 0.7) } : batch;
}

export interface Training {
  readonly metrics: readonly StepMetrics[];
  readonly state: ModelState;
}

/** One step of training. */
export async function trainStepOn(
  program: Program,
  batch: Batch,
  masks: Masks,
  update: Update,
): Promise<StepMetrics> {
  const metrics = await program.backward(batch, masks);
  await program.update(update);
  return metrics;
}

/** Steps over batches of these sizes from a program's present state, masks drawn as in a run. */
export async function trainOn(program: Program, plan: Plan, sizes: readonly number[]): Promise<Training> {
  const metrics: StepMetrics[] = [];
  let first = 0;
  for (const [index, size] of sizes.entries()) {
    const masks: Masks = drawMasks(plan, 0, first, size);
    const update = { step: index + 1, learningRate: 0.05 / (index + 1) };
    metrics.push(await trainStepOn(program, randomBatch(plan, size, index), masks, update));
    first += size;
  }
  return { metrics, state: await program.state() };
}

/** The initial state with biases that are not near 0 and parameters large enough for every ReLU to matter. */
export function livelyState(plan: Plan): ModelState {
  const state = initialState(plan);
  const random = new TestRandom(99);
  for (const { shape, data } of state.parameters.values())
    if (shape.length === 1) data.set(random.tensor([elements(shape)]).values);
  return state;
}
