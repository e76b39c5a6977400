import type { Plan } from '../../config/resolve.js';
import { FusedState } from '../../model/fused_state.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../../model/program.js';
import type { ModelState } from '../../model/state.js';
import { readMetrics, type StepMetrics } from '../../model/step.js';
import type { NamedTensor } from '../../storage/safetensors.js';
import { partitionEvaluation, partitionTraining, ports } from '../../tracing/compile.js';
import { Executable, type SessionOptions, type Tensors } from './executable.js';
import { batchFeeds, maskFeeds, readEvaluation } from './feeds.js';
import * as ort from './onnxruntime.js';
import { OpenedOnce } from './sessions.js';

/**
 * Runs the traced step with ONNX Runtime. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly current: FusedState;
  private readonly parameters: Tensors;
  private readonly gradientTensors: Tensors;
  private readonly executables = new OpenedOnce<Executable>();

  constructor(
    private readonly plan: Plan,
    private readonly options: SessionOptions,
    state: ModelState,
  ) {
    this.current = new FusedState(plan.config.optimizer, state);
    this.parameters = tensors(this.current.parameters, (name) => name);
    this.gradientTensors = tensors(this.current.gradients, ports.gradient);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.executable('train', batchSize);
  }

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const metrics = await this.backward(batch, masks);
    this.current.update(update.learningRate, update.step);
    return metrics;
  }

  async gradients(batch: HostBatch, masks: HostMasks): Promise<ReadonlyMap<string, NamedTensor>> {
    await this.backward(batch, masks);
    return this.current.gradients;
  }

  /** Computes the gradients of a batch. */
  private async backward(batch: HostBatch, masks: HostMasks): Promise<StepMetrics> {
    const executable = await this.executable('train', batch.size);
    const feeds = { ...this.feeds(batch), ...maskFeeds(this.plan, batch, masks) };
    const value = await executable.run(feeds, this.gradientTensors);
    return readMetrics(this.plan, value(ports.metrics).data as Float32Array);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const executable = await this.executable('evaluate', batch.size);
    const value = await executable.run(this.feeds(batch));
    return readEvaluation(value);
  }

  async state(): Promise<ModelState> {
    const { parameters, slots } = this.current;
    return { parameters, slots };
  }

  async load(state: ModelState): Promise<void> {
    this.current.load(state);
  }

  dispose(): void {
    this.executables.dispose();
  }

  private executable(kind: 'train' | 'evaluate', batchSize: number): Promise<Executable> {
    const compile = kind === 'train' ? partitionTraining : partitionEvaluation;
    return this.executables.get(`${kind}:${batchSize}`, async () =>
      Executable.open(await compile(this.plan, batchSize), this.options),
    );
  }

  private feeds(batch: HostBatch): Tensors {
    return { ...this.parameters, ...batchFeeds(this.plan, batch) };
  }
}

/** Views of tensors in host memory, by the name that `port` gives each. */
function tensors(named: ReadonlyMap<string, NamedTensor>, port: (name: string) => string): Tensors {
  return Object.fromEntries(
    [...named].map(([name, { data, shape }]) => [port(name), new ort.Tensor('float32', data, shape)]),
  );
}
