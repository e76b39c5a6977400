import type { Plan } from '../config/resolve.js';
import { FusedState } from '../model/fused_state.js';
import type { Batch, Evaluation, Masks, Program, Update, Weights } from '../model/program.js';
import { copyState, type ModelState } from '../model/state.js';
import { parameterSpecs } from '../model/state_specs.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import type { NamedTensor } from '../storage/safetensors.js';
import type { Graph } from '../tracing/graph.js';
import { ports, traceEvaluation, traceTraining } from '../tracing/step_graphs.js';
import type { View, Views } from '../tracing/view.js';
import { batchViews, maskViews, readEvaluation } from './batch_views.js';
import { type Engine, type Executable, graphFor } from './engine.js';
import { OpenedOnce } from './opened_once.js';
import { fromViews, stateViews } from './state_views.js';

/**
 * Runs the traced step with an engine. State stays in host memory: the graph reads it and writes gradients and the buffers'
 * next values in place, and the update is one fused loop. A graph is traced for each batch size that occurs.
 */
export class CompiledProgram implements Program {
  /** What is not trained, by state-dict name. */
  private readonly fixed: Views;
  private readonly buffers: Views;
  private readonly executables = new OpenedOnce<Executable>();
  private readonly graphs = new Map<string, Promise<Graph>>();
  /** What a trained parameter or a slot is until training begins; afterwards `training` has them. */
  private untrained: Pick<ModelState, 'parameters' | 'slots'>;
  private training: Training | undefined;
  /** The batch size whose executables stay open. */
  private usualSize: number | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly engine: Engine,
    state: ModelState,
  ) {
    const { parameters, buffers, slots } = copyState(state);
    const only = (isFrozen: boolean) =>
      new Map([...parameters].filter(([name]) => plan.frozen.has(name) === isFrozen));
    this.fixed = stateViews(only(true));
    this.buffers = stateViews(buffers);
    this.untrained = { parameters: only(false), slots };
  }

  async prepare(batchSize: number): Promise<void> {
    this.usualSize ??= batchSize;
    this.trained();
    await this.executable('train', batchSize);
  }

  async backward(batch: Batch, masks: Masks): Promise<StepMetrics> {
    const training = this.trained();
    const inputs = new Map([
      ...training.inputs,
      ...this.fixed,
      ...this.buffers,
      ...batchViews(this.plan, batch),
      ...maskViews(this.plan, batch, masks),
    ]);
    return this.withExecutable('train', batch.size, async (executable) => {
      const output = await executable.run(inputs, training.outputs);
      return readMetrics(this.plan, output(ports.metrics).data as Float32Array);
    });
  }

  async gradients(): Promise<ReadonlyMap<string, NamedTensor>> {
    return this.trained().state.gradients;
  }

  async update({ learningRate, step }: Update): Promise<void> {
    const { state, next } = this.trained();
    state.update(learningRate, step);
    for (const [name, { data }] of next)
      (this.buffers.get(name)!.data as Float32Array).set(data as Float32Array);
  }

  async evaluate(batch: Batch, weights?: Weights): Promise<Evaluation> {
    const state = weights
      ? [...stateViews(weights.parameters), ...stateViews(weights.buffers)]
      : [...this.parameterViews(), ...this.fixed, ...this.buffers];
    return this.withExecutable('evaluate', batch.size, async (executable) =>
      readEvaluation(await executable.run(new Map([...state, ...batchViews(this.plan, batch)]))),
    );
  }

  async state(): Promise<ModelState> {
    const { parameters, slots } = this.training?.state ?? this.untrained;
    const fixed = fromViews(this.fixed) as Map<string, NamedTensor>;
    const names = [...parameterSpecs(this.plan.network).keys()];
    return {
      parameters: new Map(names.map((name) => [name, parameters.get(name) ?? fixed.get(name)!])),
      buffers: fromViews(this.buffers),
      slots,
    };
  }

  dispose(): void {
    this.executables.dispose();
  }

  /** Before anything is trained, the parameters are read where they came from. */
  private parameterViews(): Views {
    return this.training?.inputs ?? stateViews(this.untrained.parameters);
  }

  /** Memory for training is taken when it begins: a program that only evaluates has no gradients and no slots. */
  private trained(): Training {
    if (!this.training) {
      this.training = beginTraining(this.plan, this.untrained, this.buffers);
      this.untrained = { parameters: new Map(), slots: new Map() };
    }
    return this.training;
  }

  /** An odd last batch gives its executable back after use: the graph is kept, and opened again in the next epoch. */
  private async withExecutable<T>(
    kind: Kind,
    batchSize: number,
    use: (executable: Executable) => Promise<T>,
  ): Promise<T> {
    this.usualSize ??= batchSize;
    if (batchSize === this.usualSize) return use(await this.executable(kind, batchSize));
    const executable = await this.engine.open(await this.graph(kind, batchSize));
    try {
      return await use(executable);
    } finally {
      await executable.release();
    }
  }

  private executable(kind: Kind, batchSize: number): Promise<Executable> {
    return this.executables.get(`${kind}:${batchSize}`, async () =>
      this.engine.open(await this.graph(kind, batchSize)),
    );
  }

  private graph(kind: Kind, batchSize: number): Promise<Graph> {
    const key = `${kind}:${batchSize}`;
    const trace = kind === 'train' ? traceTraining : traceEvaluation;
    const known = this.graphs.get(key);
    if (known) return known;
    const traced = graphFor(this.engine, async (target) => (await trace(this.plan, batchSize, target)).graph);
    this.graphs.set(key, traced);
    return traced;
  }
}

type Kind = 'train' | 'evaluate';

interface Training {
  readonly state: FusedState;
  /** The trained parameters. */
  readonly inputs: Views;
  /** Next values of the buffers, by the buffer's name. */
  readonly next: Views;
  /** Where a step writes gradients and next values. */
  readonly outputs: Views;
}

function beginTraining(
  plan: Plan,
  untrained: Pick<ModelState, 'parameters' | 'slots'>,
  buffers: Views,
): Training {
  const state = new FusedState(plan.config.optimizer, untrained);
  const next = copied(buffers);
  const named = (tensors: Views, port: (name: string) => string) =>
    [...tensors].map(([name, view]) => [port(name), view] as const);
  return {
    state,
    inputs: stateViews(state.parameters),
    next,
    outputs: new Map([...named(stateViews(state.gradients), ports.gradient), ...named(next, ports.next)]),
  };
}

function copied(views: Views): Views {
  return new Map(
    [...views].map(([name, view]): [string, View] => [name, { ...view, data: view.data.slice() }]),
  );
}
