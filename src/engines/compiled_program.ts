import type { Plan } from '../config/resolve.js';
import type { Clipping } from '../model/clipping.js';
import {
  type Batch,
  type Evaluation,
  type Masks,
  type Program,
  type Update,
  type Weights,
  WHOLE,
} from '../model/program.js';
import type { ModelState } from '../model/state.js';
import { readMetrics, type StepMetrics } from '../model/step.js';
import type { NamedTensor } from '../storage/safetensors.js';
import type { Graph } from '../tracing/graph.js';
import { ports, traceEvaluation, traceTraining } from '../tracing/step_graphs.js';
import type { Views } from '../tracing/view.js';
import { BatchExecutables } from './batch_executables.js';
import { batchViews, maskViews, padded, readEvaluation } from './batch_views.js';
import { type Engine, type Executable, graphFor } from './engine.js';
import { HostState } from './host_state.js';
import { stateViews } from './state_views.js';

/**
 * Runs the traced step with an engine. State stays in host memory: the graph reads it and writes gradients and the buffers'
 * next values in place, and the update is one fused loop.
 */
export class CompiledProgram implements Program {
  private readonly current: HostState;
  private readonly training: BatchExecutables<Executable>;
  private readonly evaluation: BatchExecutables<Executable>;
  private readonly weightViews = new WeakMap<Weights, Views>();

  constructor(
    private readonly plan: Plan,
    engine: Engine,
    state: ModelState,
  ) {
    this.current = new HostState(plan, state);
    const graphs = (trace: typeof traceTraining) => async (size: number) =>
      graphFor(engine, async (target) => (await trace(plan, size, target)).graph);
    // What a smaller batch needs is opened again in each epoch, but traced once.
    const trainingGraph = once(graphs(traceTraining));
    const evaluationGraph = graphs(traceEvaluation);
    this.training = new BatchExecutables(async (size) => engine.open(await trainingGraph(size)));
    this.evaluation = new BatchExecutables(async (size) => engine.open(await evaluationGraph(size)));
  }

  async prepare(batchSize: number): Promise<void> {
    this.current.beginTraining();
    await this.training.prepare(batchSize);
  }

  async backward(batch: Batch, masks: Masks, part = WHOLE): Promise<StepMetrics> {
    const { outputs } = this.current.beginTraining();
    const inputs = new Map([
      ...(part.first ? this.current.inputs : this.current.beginPart()),
      ...batchViews(this.plan, batch),
      ...maskViews(this.plan, batch, masks),
    ]);
    return this.training.run(batch.size, async (executable) => {
      const output = await executable.run(inputs, outputs);
      this.current.addPart(part);
      return readMetrics(this.plan, output(ports.metrics).data as Float32Array);
    });
  }

  async clip(clipping: Clipping): Promise<number> {
    return this.current.clip(clipping);
  }

  async gradients(): Promise<ReadonlyMap<string, NamedTensor>> {
    return this.current.gradients;
  }

  async update(update: Update): Promise<void> {
    this.current.update(update);
  }

  async evaluate(batch: Batch, weights?: Weights): Promise<Evaluation> {
    const state = weights ? this.viewsOf(weights) : this.current.inputs;
    const size = Math.max(batch.size, this.evaluation.largest);
    const inputs = new Map([...state, ...batchViews(this.plan, padded(batch, size))]);
    return this.evaluation.run(size, async (executable) =>
      readEvaluation(await executable.run(inputs), batch.size),
    );
  }

  async state(): Promise<ModelState> {
    return this.current.read();
  }

  dispose(): void {
    this.training.release();
    this.evaluation.release();
  }

  /** The same views for all batches of an evaluation. */
  private viewsOf(weights: Weights): Views {
    let views = this.weightViews.get(weights);
    if (!views) {
      views = new Map([...stateViews(weights.parameters), ...stateViews(weights.buffers)]);
      this.weightViews.set(weights, views);
    }
    return views;
  }
}

/** Remembers what comes of each size. */
function once(make: (size: number) => Promise<Graph>): (size: number) => Promise<Graph> {
  const known = new Map<number, Promise<Graph>>();
  return (size) => {
    const graph = known.get(size) ?? make(size);
    known.set(size, graph);
    return graph;
  };
}
