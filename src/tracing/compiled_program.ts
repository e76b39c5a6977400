import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { type FusedUpdate, fuseUpdate } from '../model/fused_update.js';
import { maskShapes } from '../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../model/program.js';
import { copyState, type ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { partitionEvaluation, partitionTraining, ports } from './compile.js';
import { Executable, type SessionOptions, type Tensors } from './executable.js';

type Parameters = ReadonlyMap<string, ort.TypedTensor<'float32'>>;

/**
 * Runs the traced step with ONNX Runtime. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly parameters: Parameters;
  private readonly gradients: Parameters;
  /** Where the gradients are written. */
  private readonly destinations: Tensors;
  private readonly slots: ModelState['slots'];
  private readonly fusedUpdate: FusedUpdate;
  private readonly executables = new Map<string, Promise<Executable>>();

  constructor(
    private readonly plan: Plan,
    private readonly options: SessionOptions,
    state: ModelState,
  ) {
    const { parameters, slots } = copyState(state);
    const tensors = (values: (tensor: NamedTensor) => Float32Array): Parameters =>
      new Map(
        [...parameters].map(([name, tensor]) => [
          name,
          new ort.Tensor('float32', values(tensor), tensor.shape),
        ]),
      );
    this.parameters = tensors(({ data }) => data);
    this.gradients = tensors(({ data }) => new Float32Array(data.length));
    const gradients = [...this.gradients].map(
      ([name, gradient]) => [ports.gradient(name), gradient] as const,
    );
    this.destinations = Object.fromEntries(gradients);
    this.slots = slots;
    this.fusedUpdate = fuseUpdate(plan.config.optimizer);
  }

  async prepare(batchSize: number): Promise<void> {
    await this.executable('train', batchSize);
  }

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const executable = await this.executable('train', batch.size);
    const feeds = { ...this.feeds(batch), ...this.maskFeeds(batch, masks) };
    const value = await executable.run(feeds, this.destinations);
    this.update(update);
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
      this.fusedUpdate(data, this.gradients.get(name)!.data, slots, scalars);
    }
  }
}
