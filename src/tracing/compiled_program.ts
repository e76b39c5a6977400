import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { FusedState } from '../model/fused_state.js';
import { maskShapes } from '../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { partitionEvaluation, partitionTraining, ports } from './compile.js';
import { Executable, type SessionOptions, type Tensors } from './executable.js';

/**
 * Runs the traced step with ONNX Runtime. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly current: FusedState;
  private readonly parameters: Tensors;
  private readonly gradientTensors: Tensors;
  private readonly executables = new Map<string, Promise<Executable>>();

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
    const feeds = { ...this.feeds(batch), ...this.maskFeeds(batch, masks) };
    const value = await executable.run(feeds, this.gradientTensors);
    return readMetrics(this.plan, value(ports.metrics).data as Float32Array);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const executable = await this.executable('evaluate', batch.size);
    const value = await executable.run(this.feeds(batch));
    // Copies: the next batch is written to the same memory.
    return {
      losses: (value(ports.losses).data as Float32Array).slice(),
      predicted: (value(ports.predicted).data as Int32Array).slice(),
      probabilities: (value(ports.probabilities).data as Float32Array).slice(),
    };
  }

  async state(): Promise<ModelState> {
    const { parameters, slots } = this.current;
    return { parameters, slots };
  }

  async load(state: ModelState): Promise<void> {
    this.current.load(state);
  }

  dispose(): void {
    for (const executable of this.executables.values()) {
      // One that did not open has told whoever waited for it.
      executable.then((ready) => ready.release()).catch(() => {});
    }
    this.executables.clear();
  }

  private executable(kind: 'train' | 'evaluate', batchSize: number): Promise<Executable> {
    const key = `${kind}:${batchSize}`;
    let executable = this.executables.get(key);
    if (!executable) {
      const compile = kind === 'train' ? partitionTraining : partitionEvaluation;
      executable = compile(this.plan, batchSize).then((parts) => Executable.open(parts, this.options));
      this.executables.set(key, executable);
    }
    return executable;
  }

  private feeds(batch: HostBatch): Record<string, ort.Tensor> {
    const { channels, height, width } = this.plan.dataset.image;
    return {
      ...this.parameters,
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
}

/** Views of tensors in host memory, by the name that `port` gives each. */
function tensors(named: ReadonlyMap<string, NamedTensor>, port: (name: string) => string): Tensors {
  return Object.fromEntries(
    [...named].map(([name, { data, shape }]) => [port(name), new ort.Tensor('float32', data, shape)]),
  );
}
