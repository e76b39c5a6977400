import type { Plan } from '../config/resolve.js';
import type { FusedState } from '../model/fused_state.js';
import type { Update } from '../model/program.js';
import { type UpdateGroups, updateGroups, updateScalars } from '../model/update_groups.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { ports } from '../tracing/step_graphs.js';
import type { View } from '../tracing/view.js';
import { type Engine, type Executable, graphFor } from './engine.js';
import { compileUpdate, devicePorts } from './onnxruntime/compile_device.js';

type Updated = Pick<FusedState, 'parameters' | 'gradients' | 'slots'>;
type NamedView = [string, View];

/** Updates a state in host memory by a graph: what rules take that need norms or matrices, and so no loop over all numbers. */
export class GraphUpdate {
  private executable: Promise<Executable> | undefined;
  private readonly groups: UpdateGroups;

  private constructor(
    private readonly plan: Plan,
    private readonly engine: Engine,
  ) {
    this.groups = updateGroups(plan);
  }

  /** Null for an optimizer whose rule is a loop. */
  static for(plan: Plan, engine: Engine): GraphUpdate | null {
    return 'update' in optimizerEntry(plan.config.optimizer.type) ? null : new GraphUpdate(plan, engine);
  }

  async prepare(): Promise<void> {
    this.executable ??= graphFor(
      this.engine,
      async (target) => (await compileUpdate(this.plan, target)).graph,
    ).then((graph) => this.engine.open(graph));
    await this.executable;
  }

  /** One update by the gradients as they are. */
  async run({ parameters, gradients, slots }: Updated, update: Update): Promise<void> {
    await this.prepare();
    const views = (tensors: ReadonlyMap<string, NamedTensor>, port: (name: string) => string) =>
      [...tensors].map(
        ([name, { shape, data }]): NamedView => [port(name), { type: 'float32', shape, data }],
      );
    const state = [
      ...views(parameters, (name) => name),
      ...[...slots].flatMap(([slot, tensors]) => views(tensors, (name) => devicePorts.slot(slot, name))),
    ];
    const scalars = updateScalars(this.groups, update).flatMap((values, group) =>
      Object.entries(values).map(([name, value]): NamedView => {
        const data = Float32Array.of(value);
        return [devicePorts.scalar(group, name), { type: 'float32', shape: [], data }];
      }),
    );
    const inputs = new Map([...state, ...views(gradients, ports.gradient), ...scalars]);
    const output = await (await this.executable!).run(inputs);
    // Only now: a graph must not write what it reads.
    for (const [port, { data }] of state)
      (data as Float32Array).set(output(ports.next(port)).data as Float32Array);
  }

  release(): void {
    // One that did not open has told whoever waited for it.
    this.executable?.then((executable) => executable.release()).catch(() => {});
    this.executable = undefined;
  }
}
