import type { Plan } from '../config/resolve.js';
import { FusedState } from '../model/fused_state.js';
import type { Evaluation, HostBatch, HostMasks, Program, Update } from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import type { NamedTensor } from '../storage/safetensors.js';
import { ports, traceEvaluation, traceTraining } from '../tracing/step_graphs.js';
import type { Views } from '../tracing/view.js';
import { batchViews, maskViews, readEvaluation } from './batch_views.js';
import { type Engine, type Executable, graphFor } from './engine.js';
import { OpenedOnce } from './opened_once.js';

/**
 * Runs the traced step with an engine. State stays in host memory: the graph reads parameters and writes gradients
 * in place, and the update is one fused loop. A graph is compiled for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  private readonly current: FusedState;
  private readonly parameters: Views;
  private readonly gradientViews: Views;
  private readonly executables = new OpenedOnce<Executable>();

  constructor(
    private readonly plan: Plan,
    private readonly engine: Engine,
    state: ModelState,
  ) {
    this.current = new FusedState(plan.config.optimizer, state);
    this.parameters = views(this.current.parameters, (name) => name);
    this.gradientViews = views(this.current.gradients, ports.gradient);
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
    const inputs = new Map([
      ...this.parameters,
      ...batchViews(this.plan, batch),
      ...maskViews(this.plan, batch, masks),
    ]);
    const output = await executable.run(inputs, this.gradientViews);
    return readMetrics(this.plan, output(ports.metrics).data as Float32Array);
  }

  async evaluate(batch: HostBatch): Promise<Evaluation> {
    const executable = await this.executable('evaluate', batch.size);
    return readEvaluation(
      await executable.run(new Map([...this.parameters, ...batchViews(this.plan, batch)])),
    );
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
    const trace = kind === 'train' ? traceTraining : traceEvaluation;
    return this.executables.get(`${kind}:${batchSize}`, async () =>
      this.engine.open(
        await graphFor(this.engine, async (target) => (await trace(this.plan, batchSize, target)).graph),
      ),
    );
  }
}

/** Views of tensors in host memory, by the name that `port` gives each. */
function views(named: ReadonlyMap<string, NamedTensor>, port: (name: string) => string): Views {
  return new Map([...named].map(([name, { data, shape }]) => [port(name), { type: 'float32', shape, data }]));
}
