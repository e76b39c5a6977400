import type { Plan } from '../config/resolve.js';
import { FusedState } from '../model/fused_state.js';
import type { Update } from '../model/program.js';
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

  /** What an update reads and changes, all but buffers. */
  get updated(): Pick<FusedState, 'parameters' | 'gradients' | 'slots'> {
    return this.trained;
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

  /** Updates trained parameters and slots by the gradients as they are; buffers take their next values. */
  update(update: Update): void {
    const { next } = this.beginTraining();
    this.trained.update(update);
    for (const [name, { data }] of next)
      (this.buffers.get(name)!.data as Float32Array).set(data as Float32Array);
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
