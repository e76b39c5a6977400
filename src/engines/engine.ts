import type { Graph } from '../tracing/graph.js';
import type { Target } from '../tracing/kernels/kernel.js';
import type { View, Views } from '../tracing/view.js';

/** What runs traced graphs on tensors in host memory. */
export interface Engine {
  /** What graphs are traced for, first choice first: one that the engine does not take is traced for the next. */
  readonly targets: readonly Target[];
  /** Whether a graph for one of its targets fits into the memory that the engine can address. */
  takes(graph: Graph): boolean;
  /** @throws Error where the engine cannot run the graph */
  open(graph: Graph): Promise<Executable>;
}

/** A graph ready to run. The executables of one engine run one after the other: they may share their memory. */
export interface Executable {
  /**
   * @param destinations where to write outputs; others have memory of the executable's own
   * @returns the view of each output; the next run overwrites those without a destination
   * @throws Error where an input is missing or is not what the graph takes
   */
  run(inputs: Views, destinations?: Views): Promise<(output: string) => View>;
  release(): Promise<void>;
}

/** Traces a graph for the first of an engine's targets for which the engine takes it. */
export async function graphFor(engine: Engine, trace: (target: Target) => Promise<Graph>): Promise<Graph> {
  for (const target of engine.targets) {
    const graph = await trace(target);
    if (engine.takes(graph)) return graph;
  }
  throw new Error(`no graph for ${engine.targets.map(({ name }) => name).join(' or ')} fits into memory`);
}
