import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { type FusedUpdate, fuseUpdate } from '../model/fused_update.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../model/program.js';
import { copyState, type ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { compileEvaluation, compileTraining, ports } from './compile.js';
import { batchFeeds, maskFeeds, readEvaluation, type Tensors } from './feeds.js';
import { Sessions } from './sessions.js';

type FloatTensors = ReadonlyMap<string, ort.TypedTensor<'float32'>>;

export interface CompiledOptions {
  readonly executionProviders: readonly string[];
  /** Threads of one operation; 0 takes one for each core. */
  readonly threads: number;
}

/**
 * Runs the traced step with ONNX Runtime. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly parameters: FloatTensors;
  private readonly gradients: FloatTensors;
  private readonly slots: ModelState['slots'];
  private readonly fusedUpdate: FusedUpdate;
  private readonly sessions = new Sessions();

  constructor(
    private readonly plan: Plan,
    private readonly options: CompiledOptions,
    state: ModelState,
  ) {
    const { parameters, slots } = copyState(state);
    const tensors = (values: (tensor: NamedTensor) => Float32Array): FloatTensors =>
      new Map(
        [...parameters].map(([name, tensor]) => [
          name,
          new ort.Tensor('float32', values(tensor), tensor.shape),
        ]),
      );
    this.parameters = tensors(({ data }) => data);
    this.gradients = tensors(({ data }) => new Float32Array(data.length));
    this.slots = slots;
    this.fusedUpdate = fuseUpdate(plan.config.optimizer);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.session('train', batchSize);
  }

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const session = await this.session('train', batch.size);
    const feeds = { ...this.feeds(batch), ...maskFeeds(this.plan, batch, masks) };
    const fetches: Record<string, ort.Tensor | null> = { [ports.metrics]: null };
    for (const [name, gradient] of this.gradients) fetches[ports.gradient(name)] = gradient;
    const results = await session.run(feeds, fetches as ort.InferenceSession.FetchesType);
    this.update(update);
    return readMetrics(this.plan, results[ports.metrics]!.data as Float32Array);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const session = await this.session('evaluate', batch.size);
    const results = await session.run(this.feeds(batch));
    return readEvaluation(results);
  }

  async state(): Promise<ModelState> {
    const parameters = [...this.parameters].map(
      ([name, { data, dims }]) => [name, { shape: dims, data }] as const,
    );
    return { parameters: new Map(parameters), slots: this.slots };
  }

  async load(state: ModelState): Promise<void> {
    for (const [name, { data }] of this.parameters) data.set(state.parameters.get(name)!.data);
    for (const [slot, tensors] of this.slots) {
      for (const [name, { data }] of tensors) data.set(state.slots.get(slot)!.get(name)!.data);
    }
  }

  dispose(): void {
    this.sessions.dispose();
  }

  private session(kind: 'train' | 'evaluate', batchSize: number): Promise<ort.InferenceSession> {
    const compile = kind === 'train' ? compileTraining : compileEvaluation;
    return this.sessions.get(`${kind}:${batchSize}`, () => compile(this.plan, batchSize), {
      executionProviders: [...this.options.executionProviders],
      intraOpNumThreads: this.options.threads,
    });
  }

  private feeds(batch: HostBatch): Tensors {
    return { ...Object.fromEntries(this.parameters), ...batchFeeds(this.plan, batch) };
  }

  private update({ learningRate, step }: Update): void {
    const { optimizer } = this.plan.config;
    const scalars = optimizerEntry(optimizer.type).scalars(optimizer, learningRate, step);
    for (const [name, { data }] of this.parameters) {
      const slots = [...this.slots.values()].map((tensors) => tensors.get(name)!.data);
      this.fusedUpdate(data, this.gradients.get(name)!.data, slots, scalars);
    }
  }
}
