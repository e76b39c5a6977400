import type { Plan } from '../config/resolve.js';
import { type Clipping, clipInPlace } from '../model/clipping.js';
import { FusedState } from '../model/fused_state.js';
import type { Part, Update } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { parameterSpecs } from '../model/state_specs.js';
import { updateGroups } from '../model/update_groups.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { ports } from '../tracing/step_graphs.js';
import type { View, Views } from '../tracing/view.js';
import { fromViews, stateViews } from './state_views.js';

type NamedTensors = ReadonlyMap<string, NamedTensor>;

/** What training adds to a state. */
interface TrainingViews {
  /** Next values of the buffers, by the buffer's name. */
  readonly next: Views;
  /** Where a step writes, by the graph's outputs: gradients and next values. */
  readonly outputs: Views;
}

/** The state of a program in host memory of its own, as views that graphs read and write in place. */
export class HostState {
  private readonly trained: FusedState;
  private readonly frozen: NamedTensors;
  private readonly buffers: Views;
  private views: Views | undefined;
  private training: TrainingViews | undefined;
  /** What the parts of an update before this one left. */
  private before: { readonly gradients: Float32Array; readonly buffers: Views } | undefined;

  /** Starts from a copy. Memory for training is taken where there is optimizer state, else when training begins. */
  constructor(
    private readonly plan: Plan,
    { parameters, buffers, slots }: ModelState,
  ) {
    const only = (isFrozen: boolean) =>
      new Map([...parameters].filter(([name]) => plan.frozen.has(name) === isFrozen));
    this.trained = new FusedState(updateGroups(plan), { parameters: only(false), slots });
    this.frozen = new Map(
      [...only(true)].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]),
    );
    this.buffers = copied(stateViews(buffers));
  }

  /** Every tensor of the state, by state-dict name. */
  get inputs(): Views {
    this.views ??= new Map([
      ...stateViews(this.trained.parameters),
      ...stateViews(this.frozen),
      ...this.buffers,
    ]);
    return this.views;
  }

  /** By trained parameter. */
  get gradients(): NamedTensors {
    return this.trained.gradients;
  }

  /** The memory that a training step needs besides; `inputs` may be other views from then on. */
  beginTraining(): TrainingViews {
    if (!this.training) {
      this.trained.beginTraining();
      this.views = undefined;
      const next = copied(this.buffers);
      const named = (views: Views, port: (name: string) => string) =>
        [...views].map(([name, view]) => [port(name), view] as const);
      const gradients = named(stateViews(this.trained.gradients), ports.gradient);
      this.training = { next, outputs: new Map([...gradients, ...named(next, ports.next)]) };
    }
    return this.training;
  }

  /** What a part that is not the first reads: the state with the buffers' next values. Their gradients are kept for `addPart`. */
  beginPart(): Views {
    const { next } = this.beginTraining();
    const gradients = this.trained.allGradients;
    this.before ??= { gradients: new Float32Array(gradients.length), buffers: copied(next) };
    this.before.gradients.set(gradients);
    // Copies: a graph must not write what it reads.
    copyInto(this.before.buffers, next);
    return new Map([...this.inputs, ...this.before.buffers]);
  }

  /** Weighs the gradients of a part by its share, and adds those of the parts before it. */
  addPart({ first, share }: Part): void {
    const gradients = this.trained.allGradients;
    if (first) {
      if (share !== 1) for (let i = 0; i < gradients.length; i++) gradients[i] = share * gradients[i]!;
      return;
    }
    const { gradients: before } = this.before!;
    for (let i = 0; i < gradients.length; i++) gradients[i] = before[i]! + share * gradients[i]!;
  }

  /** As `Program.clip`. */
  clip(clipping: Clipping): number {
    const { allGradients: all, gradients, parameters } = this.trained;
    return clipInPlace(clipping, { all, gradients, parameters });
  }

  /** Updates trained parameters and slots by the gradients as they are; buffers take their next values. */
  update(update: Update): void {
    const { next } = this.beginTraining();
    this.trained.update(update);
    copyInto(this.buffers, next);
  }

  /** Shares memory with this state, all but counters. */
  read(): ModelState {
    const names = [...parameterSpecs(this.plan.network).keys()];
    const parameters = new Map(
      names.map((name) => [name, this.trained.parameters.get(name) ?? this.frozen.get(name)!]),
    );
    return { parameters, buffers: fromViews(this.buffers), slots: this.trained.slots };
  }
}

function copied(views: Views): Views {
  return new Map(
    [...views].map(([name, view]): [string, View] => [name, { ...view, data: view.data.slice() }]),
  );
}

function copyInto(to: Views, from: Views): void {
  for (const [name, { data }] of from) (to.get(name)!.data as Float32Array).set(data as Float32Array);
}
