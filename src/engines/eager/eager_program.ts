import type { Tensor, Variable } from '@tensorflow/tfjs';
import type { Plan } from '../../config/resolve.js';
import { type Clipping, clipTensors } from '../../model/clipping.js';
import {
  type Batch,
  type Evaluation,
  type Masks,
  type Program,
  type Update,
  type Weights,
  WHOLE,
} from '../../model/program.js';
import type { ModelState } from '../../model/state.js';
import { inputShape, maskShapes } from '../../model/state_specs.js';
import {
  type BatchTensors,
  evaluationStep,
  type ModelTensors,
  readMetrics,
  type StepMetrics,
  type TrainStep,
  trainStep,
} from '../../model/step.js';
import { updatedState } from '../../model/tensor_update.js';
import { type UpdateGroups, updateGroups, updateScalars } from '../../model/update_groups.js';
import type { Tf } from '../../registry/schema.js';
import { isCounter, type NamedTensor, type StateTensor } from '../../storage/safetensors.js';

type Variables = ReadonlyMap<string, Variable>;
type Computed = Pick<TrainStep, 'gradients' | 'buffers'>;

const NOTHING: Computed = { gradients: new Map(), buffers: new Map() };

/** Runs the step function on the active TensorFlow.js backend, operation by operation. */
export class EagerProgram implements Program {
  private readonly model: { readonly parameters: Variables; readonly buffers: Variables };
  private readonly slots: ReadonlyMap<string, Variables>;
  /** What the last `backward` left. */
  private computed: Computed = NOTHING;
  private readonly groups: UpdateGroups;
  private other: { readonly weights: Weights; readonly tensors: ModelTensors } | undefined;

  constructor(
    private readonly tf: Tf,
    private readonly plan: Plan,
    state: ModelState,
  ) {
    this.groups = updateGroups(plan);
    this.model = { parameters: this.variables(state.parameters), buffers: this.variables(state.buffers) };
    this.slots = new Map([...state.slots].map(([slot, tensors]) => [slot, this.variables(tensors)]));
  }

  /** There is nothing to compile. */
  async prepare(): Promise<void> {}

  async backward(batch: Batch, masks: Masks, part = WHOLE): Promise<StepMetrics> {
    const { tf } = this;
    const before = part.first ? NOTHING : this.computed;
    if (part.first) this.forget();
    const metrics = tf.tidy(() => {
      const { parameters, buffers } = this.model;
      const model = { parameters, buffers: new Map<string, Tensor>([...buffers, ...before.buffers]) };
      const step = trainStep(tf, this.plan, model, this.tensors(batch, masks));
      const weighed = (gradient: Tensor) => (part.share === 1 ? gradient : tf.mul(gradient, part.share));
      const gradients = new Map(
        [...step.gradients].map(([name, gradient]) => {
          const earlier = before.gradients.get(name);
          return [name, tf.keep(earlier ? tf.add(earlier, weighed(gradient)) : weighed(gradient))];
        }),
      );
      this.computed = { gradients, buffers: step.buffers };
      return step.metrics;
    });
    disposeAll(tf, before);
    const values = await metrics.data();
    metrics.dispose();
    return readMetrics(this.plan, values);
  }

  async clip(clipping: Clipping): Promise<number> {
    const { tf, computed } = this;
    const norm = tf.tidy(() => {
      const clipped = clipTensors(tf, clipping, computed.gradients, this.model.parameters);
      for (const gradient of clipped.gradients.values()) tf.keep(gradient);
      this.computed = { ...computed, gradients: clipped.gradients };
      return clipped.norm;
    });
    tf.dispose([...computed.gradients.values()]);
    const [value] = await norm.data();
    norm.dispose();
    return value!;
  }

  async gradients(): Promise<ReadonlyMap<string, NamedTensor>> {
    return readFloats(this.computed.gradients);
  }

  async update(update: Update): Promise<void> {
    const { tf } = this;
    const { gradients, buffers } = this.computed;
    tf.tidy(() => {
      const scalars = updateScalars(this.groups, update).map((values) =>
        Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.scalar(value)])),
      );
      const parameters = new Map([...this.model.parameters].filter(([name]) => gradients.has(name)));
      const next = updatedState(tf, this.groups, { parameters, slots: this.slots }, gradients, scalars);
      for (const [name, parameter] of parameters) parameter.assign(next.parameters.get(name)!);
      for (const [slot, variables] of this.slots) {
        for (const [name, variable] of variables) variable.assign(next.slots.get(slot)!.get(name)!);
      }
      for (const [name, value] of buffers) this.model.buffers.get(name)!.assign(tf.clone(value));
    });
  }

  async evaluate(batch: Batch, weights?: Weights): Promise<Evaluation> {
    if (!weights) this.forgetOther();
    const model = weights ? this.tensorsOf(weights) : this.model;
    const result = this.tf.tidy(() =>
      evaluationStep(this.tf, this.plan, model, this.tensors(batch, new Map())),
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
      [...this.slots].map(async ([slot, variables]) => [slot, await readFloats(variables)] as const),
    );
    return {
      parameters: await readFloats(this.model.parameters),
      buffers: await read(this.model.buffers),
      slots: new Map(slots),
    };
  }

  dispose(): void {
    this.forget();
    this.forgetOther();
    for (const variables of [this.model.parameters, this.model.buffers, ...this.slots.values()])
      this.tf.dispose([...variables.values()]);
  }

  private forget(): void {
    disposeAll(this.tf, this.computed);
    this.computed = NOTHING;
  }

  /** Weights are put on the backend once for all batches of an evaluation. */
  private tensorsOf(weights: Weights): ModelTensors {
    if (this.other?.weights !== weights) {
      this.forgetOther();
      const tensors = (from: ReadonlyMap<string, StateTensor>) =>
        new Map([...from].map(([name, tensor]) => [name, stateTensor(this.tf, tensor)]));
      this.other = {
        weights,
        tensors: { parameters: tensors(weights.parameters), buffers: tensors(weights.buffers) },
      };
    }
    return this.other.tensors;
  }

  private forgetOther(): void {
    if (!this.other) return;
    const { parameters, buffers } = this.other.tensors;
    this.tf.dispose([...parameters.values(), ...buffers.values()]);
    this.other = undefined;
  }

  private variables(tensors: ReadonlyMap<string, StateTensor>): Variables {
    const variables = new Map<string, Variable>();
    this.tf.tidy(() => {
      for (const [name, tensor] of tensors)
        variables.set(name, this.tf.variable(stateTensor(this.tf, tensor)));
    });
    return variables;
  }

  private tensors(batch: Batch, masks: Masks): BatchTensors {
    const shapes = maskShapes(this.plan.network, batch.size);
    return {
      images: inputTensor(this.tf, this.plan, batch),
      labels: this.tf.tensor1d(batch.labels.slice(), 'int32'),
      masks: new Map(
        [...masks].map(([layer, mask]) => [
          layer,
          this.tf.tensor(Int32Array.from(mask), [...shapes.get(layer)!], 'int32'),
        ]),
      ),
    };
  }
}

function disposeAll(tf: Tf, { gradients, buffers }: Computed): void {
  tf.dispose([...gradients.values(), ...buffers.values()]);
}

/** A tensor of a state dict on the active backend. */
export function stateTensor(tf: Tf, tensor: StateTensor): Tensor {
  return isCounter(tensor)
    ? tf.tensor(Int32Array.from(tensor.data, Number), [...tensor.shape], 'int32')
    : tf.tensor(tensor.data.slice(), [...tensor.shape]);
}

/** Images or features of a batch, as the step functions take them. */
export function inputTensor(tf: Tf, plan: Plan, { images, size }: Batch): Tensor {
  const shape = [...inputShape(plan, size)];
  return images instanceof Uint8Array
    ? tf.tensor(Int32Array.from(images), shape, 'int32')
    : tf.tensor(images.slice(), shape);
}

/** Int32 tensors are counters. */
async function read(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, StateTensor>> {
  const entries = await Promise.all(
    [...tensors].map(async ([name, tensor]) => {
      const { shape, dtype } = tensor;
      const data = await tensor.data();
      const read: StateTensor =
        dtype === 'int32'
          ? { shape, data: BigInt64Array.from(data as Int32Array, BigInt) }
          : { shape, data: data as Float32Array };
      return [name, read] as const;
    }),
  );
  return new Map(entries);
}

async function readFloats(tensors: ReadonlyMap<string, Tensor>): Promise<Map<string, NamedTensor>> {
  return (await read(tensors)) as Map<string, NamedTensor>;
}
