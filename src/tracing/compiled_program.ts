import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { type FusedUpdate, fuseUpdate } from '../model/fused_update.js';
import { maskShapes } from '../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../model/program.js';
import { copyState, type ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { type CompiledGraph, compileEvaluation, compileTraining, ports } from './compile.js';

type Tensors = ReadonlyMap<string, ort.TypedTensor<'float32'>>;

export interface SessionOptions {
  readonly executionProviders: readonly string[];
  /** Threads of one operation; 0 takes one for each core. */
  readonly threads: number;
}

/**
 * Runs the traced step with ONNX Runtime. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly parameters: Tensors;
  private readonly gradientTensors: Tensors;
  private readonly slots: ModelState['slots'];
  private readonly fusedUpdate: FusedUpdate;
  private readonly sessions = new Map<string, Promise<ort.InferenceSession>>();

  constructor(
    private readonly plan: Plan,
    private readonly options: SessionOptions,
    state: ModelState,
  ) {
    const { parameters, slots } = copyState(state);
    const tensors = (values: (tensor: NamedTensor) => Float32Array): Tensors =>
      new Map(
        [...parameters].map(([name, tensor]) => [
          name,
          new ort.Tensor('float32', values(tensor), tensor.shape),
        ]),
      );
    this.parameters = tensors(({ data }) => data);
    this.gradientTensors = tensors(({ data }) => new Float32Array(data.length));
    this.slots = slots;
    this.fusedUpdate = fuseUpdate(plan.config.optimizer);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.session('train', batchSize);
  }

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const metrics = await this.backward(batch, masks);
    this.update(update);
    return metrics;
  }

  async gradients(batch: HostBatch, masks: HostMasks): Promise<ReadonlyMap<string, NamedTensor>> {
    await this.backward(batch, masks);
    return namedTensors(this.gradientTensors);
  }

  /** Computes the gradients of a batch. */
  private async backward(batch: HostBatch, masks: HostMasks): Promise<StepMetrics> {
    const session = await this.session('train', batch.size);
    const feeds = { ...this.feeds(batch), ...this.maskFeeds(batch, masks) };
    const fetches: Record<string, ort.Tensor | null> = { [ports.metrics]: null };
    for (const [name, gradient] of this.gradientTensors) fetches[ports.gradient(name)] = gradient;
    const results = await session.run(feeds, fetches as ort.InferenceSession.FetchesType);
    return readMetrics(this.plan, results[ports.metrics]!.data as Float32Array);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const session = await this.session('evaluate', batch.size);
    const results = await session.run(this.feeds(batch));
    return {
      losses: results[ports.losses]!.data as Float32Array,
      predicted: results[ports.predicted]!.data as Int32Array,
      probabilities: results[ports.probabilities]!.data as Float32Array,
    };
  }

  async state(): Promise<ModelState> {
    return { parameters: namedTensors(this.parameters), slots: this.slots };
  }

  async load(state: ModelState): Promise<void> {
    for (const [name, { data }] of this.parameters) data.set(state.parameters.get(name)!.data);
    for (const [slot, tensors] of this.slots) {
      for (const [name, { data }] of tensors) data.set(state.slots.get(slot)!.get(name)!.data);
    }
  }

  dispose(): void {
    for (const session of this.sessions.values()) {
      // One that did not open has told whoever waited for it.
      session.then((ready) => ready.release()).catch(() => {});
    }
    this.sessions.clear();
  }

  private session(kind: 'train' | 'evaluate', batchSize: number): Promise<ort.InferenceSession> {
    const key = `${kind}:${batchSize}`;
    let session = this.sessions.get(key);
    if (!session) {
      const compile = kind === 'train' ? compileTraining : compileEvaluation;
      session = compile(this.plan, batchSize).then((graph) => this.open(graph));
      this.sessions.set(key, session);
    }
    return session;
  }

  private open({ model }: CompiledGraph): Promise<ort.InferenceSession> {
    return ort.InferenceSession.create(model, {
      executionProviders: [...this.options.executionProviders],
      intraOpNumThreads: this.options.threads,
      graphOptimizationLevel: 'all',
      // Unused parameter inputs are meant to be there; below 3 (errors) each would be reported.
      logSeverityLevel: 3,
    });
  }

  private feeds(batch: HostBatch): Record<string, ort.Tensor> {
    const { channels, height, width } = this.plan.dataset.image;
    return {
      ...Object.fromEntries(this.parameters),
      [ports.images]: new ort.Tensor('uint8', batch.images, [batch.size, channels, height, width]),
      [ports.labels]: new ort.Tensor('int32', batch.labels, [batch.size]),
    };
  }

  private maskFeeds(batch: HostBatch, masks: HostMasks): Record<string, ort.Tensor> {
    const shapes = maskShapes(this.plan.network, batch.size);
    return Object.fromEntries(
      [...masks].map(([layer, mask]) => [
        ports.mask(layer),
        new ort.Tensor('uint8', mask, shapes.get(layer)!),
      ]),
    );
  }

  private update({ learningRate, step }: Update): void {
    const { optimizer } = this.plan.config;
    const scalars = optimizerEntry(optimizer.type).scalars(optimizer, learningRate, step);
    for (const [name, { data }] of this.parameters) {
      const slots = [...this.slots.values()].map((tensors) => tensors.get(name)!.data);
      this.fusedUpdate(data, this.gradientTensors.get(name)!.data, slots, scalars);
    }
  }
}

function namedTensors(tensors: Tensors): Map<string, NamedTensor> {
  return new Map([...tensors].map(([name, { data, dims }]) => [name, { shape: dims, data }]));
}
