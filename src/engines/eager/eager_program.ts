import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { Plan } from '../../config/resolve.js';
import { maskShapes } from '../../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../../model/program.js';
import type { ModelState } from '../../model/state.js';
import {
  type BatchTensors,
  evaluationStep,
  readMetrics,
  type StepMetrics,
  trainStep,
} from '../../model/step.js';
import { updatedState } from '../../model/tensor_update.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import type { Tf } from '../../registry/schema.js';
import type { NamedTensor } from '../../storage/safetensors.js';

type Variables = ReadonlyMap<string, Variable>;

/** Runs the step function on the active TensorFlow.js backend, operation by operation. */
export class EagerProgram implements Program {
  private readonly parameters: Variables;
  private readonly slots: ReadonlyMap<string, Variables>;

  constructor(
    private readonly tf: Tf,
    private readonly plan: Plan,
    state: ModelState,
  ) {
    this.parameters = this.variables(state.parameters);
    this.slots = new Map([...state.slots].map(([slot, tensors]) => [slot, this.variables(tensors)]));
  }

  /** There is nothing to compile. */
  async prepare(): Promise<void> {}

  async train(batch: HostBatch, masks: HostMasks, update: Update): Promise<StepMetrics> {
    const metrics = this.tf.tidy(() => {
      const result = trainStep(this.tf, this.plan, this.parameters, this.tensors(batch, masks));
      this.update(result.gradients, update);
      return result.metrics;
    });
    const values = await metrics.data();
    metrics.dispose();
    return readMetrics(this.plan, values);
  }

  async gradients(batch: HostBatch, masks: HostMasks): Promise<ReadonlyMap<string, NamedTensor>> {
    const gradients = this.tf.tidy(() => {
      const result = trainStep(this.tf, this.plan, this.parameters, this.tensors(batch, masks));
      result.metrics.dispose();
      return result.gradients;
    });
    const named = new Map([...this.parameters.keys()].map((name, index) => [name, gradients[index]!]));
    const values = await read(named);
    this.tf.dispose(gradients);
    return values;
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const result = this.tf.tidy(() =>
      evaluationStep(this.tf, this.plan, this.parameters, this.tensors(batch, new Map())),
    );
    const [losses, predicted, logits, probabilities] = await Promise.all([
      result.losses.data(),
      result.predicted.data(),
      result.logits.data(),
      result.probabilities.data(),
    ]);
    this.tf.dispose(result);
    return {
      losses: losses as Float32Array,
      predicted: predicted as Int32Array,
      logits: logits as Float32Array,
      probabilities: probabilities as Float32Array,
    };
  }

  async state(): Promise<ModelState> {
    const slots = await Promise.all(
      [...this.slots].map(async ([slot, variables]) => [slot, await read(variables)] as const),
    );
    return { parameters: await read(this.parameters), slots: new Map(slots) };
  }

  async load(state: ModelState): Promise<void> {
    this.assign(this.parameters, state.parameters);
    for (const [slot, variables] of this.slots) this.assign(variables, state.slots.get(slot)!);
  }

  dispose(): void {
    for (const variables of [this.parameters, ...this.slots.values()]) {
      for (const variable of variables.values()) variable.dispose();
    }
  }

  private variables(tensors: ReadonlyMap<string, NamedTensor>): Variables {
    const variables = new Map<string, Variable>();
    this.tf.tidy(() => {
      for (const [name, { shape, data }] of tensors) {
        variables.set(name, this.tf.variable(this.tf.tensor(data.slice(), [...shape])));
      }
    });
    return variables;
  }

  private assign(variables: Variables, tensors: ReadonlyMap<string, NamedTensor>): void {
    this.tf.tidy(() => {
      for (const [name, variable] of variables)
        variable.assign(this.tf.tensor(tensors.get(name)!.data.slice(), variable.shape));
    });
  }

  private tensors(batch: HostBatch, masks: HostMasks): BatchTensors {
    const { channels, height, width } = this.plan.dataset.image;
    const shapes = maskShapes(this.plan.network, batch.size);
    return {
      images: this.tf.tensor(Int32Array.from(batch.images), [batch.size, channels, height, width], 'int32'),
      labels: this.tf.tensor1d(batch.labels.slice(), 'int32'),
      masks: new Map(
        [...masks].map(([layer, mask]) => [
          layer,
          this.tf.tensor(Int32Array.from(mask), [...shapes.get(layer)!], 'int32'),
        ]),
      ),
    };
  }

  private update(gradients: readonly Tensor[], { learningRate, step }: Update): void {
    const { tf } = this;
    const { optimizer } = this.plan.config;
    const scalars = Object.fromEntries(
      Object.entries(optimizerEntry(optimizer.type).scalars(optimizer, learningRate, step)).map(
        ([name, value]) => [name, tf.scalar(value)],
      ),
    );
    const next = updatedState(
      tf,
      optimizer,
      { parameters: this.parameters, slots: this.slots },
      gradients,
      scalars,
    );
    for (const [name, parameter] of this.parameters) parameter.assign(next.parameters.get(name)!);
    for (const [slot, variables] of this.slots) {
      for (const [name, variable] of variables) variable.assign(next.slots.get(slot)!.get(name)!);
    }
  }
}

async function read(variables: ReadonlyMap<string, Tensor>): Promise<Map<string, NamedTensor>> {
  const entries = await Promise.all(
    [...variables].map(
      async ([name, variable]) =>
        [name, { shape: variable.shape, data: (await variable.data()) as Float32Array }] as const,
    ),
  );
  return new Map(entries);
}
