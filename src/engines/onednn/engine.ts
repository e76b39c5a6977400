import { SharedMemory } from '../../model/wasm_memory.js';
import type { Graph } from '../../tracing/graph.js';
import { primitiveOperations } from '../../tracing/kernels/index.js';
import type { Target } from '../../tracing/kernels/kernel.js';
import type { Engine, Executable } from '../engine.js';
import { Descriptors } from './descriptors.js';
import { OnednnExecutable, type Resources } from './executable.js';
import type { Library } from './library.js';
import { Owned, PlanBuilder } from './plan.js';
import { Workspace } from './workspace.js';

/** dnnl_engine_kind_t, dnnl_stream_flags_t. */
const [CPU, IN_ORDER] = [1, 1];

/** oneDNN: its primitives for convolutional networks, sessions of ONNX Runtime for what it lacks. */
export class OnednnEngine implements Engine {
  readonly targets: readonly Target[] = [primitiveOperations];
  private readonly resources: Resources;
  private readonly descriptors: Descriptors;

  /** @param threads of one operation */
  constructor(library: Library, threads: number) {
    const engine = library.make.engine_create(CPU, 0);
    this.descriptors = new Descriptors(library);
    this.resources = {
      library,
      engine,
      stream: library.make.stream_create(engine, IN_ORDER),
      threads,
      workspace: new Workspace(),
      kernelMemory: new SharedMemory('the images of a compiled step'),
    };
  }

  takes(): boolean {
    return true;
  }

  async open(graph: Graph): Promise<Executable> {
    const { library, engine, threads } = this.resources;
    const owned = new Owned(library);
    // Layouts depend on the number of threads.
    library.setThreads(threads);
    try {
      const { plan } = new PlanBuilder(graph, library, engine, this.descriptors, owned);
      return await OnednnExecutable.open(this.resources, plan, owned);
    } catch (error) {
      owned.release();
      throw error;
    }
  }
}
