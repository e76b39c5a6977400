import { LARGEST_MEMORY, SharedMemory } from '../../model/wasm_memory.js';
import type { Graph } from '../../tracing/graph.js';
import { customOperations, deviceOperators, onnxOperators } from '../../tracing/kernels/index.js';
import type { Target } from '../../tracing/kernels/kernel.js';
import type { Engine, Executable } from '../engine.js';
import { OnnxRuntimeExecutable, workspaceBytes } from './executable.js';
import type * as ort from './onnxruntime.js';
import { partition } from './partition.js';

export interface EngineOptions {
  /** First choice first. */
  readonly executionProviders: readonly ort.InferenceSession.ExecutionProviderConfig[];
  /** Threads of one operation; 0 takes one for each core. */
  readonly threads: number;
  /** Whether the provider computes on a device: then the graph has the operators that it does not leave to the CPU. */
  readonly device: boolean;
}

/** ONNX Runtime: sessions for the operators of a graph, gnet's own kernels for the custom operations between them. */
export class OnnxRuntimeEngine implements Engine {
  readonly targets: readonly Target[];
  private readonly workspace = new SharedMemory('the values of a compiled step');

  constructor(private readonly options: EngineOptions) {
    this.targets = options.device ? [deviceOperators] : [customOperations, onnxOperators];
  }

  takes(graph: Graph): boolean {
    return workspaceBytes(partition(graph)) <= LARGEST_MEMORY;
  }

  open(graph: Graph): Promise<Executable> {
    return OnnxRuntimeExecutable.open(partition(graph), this.options, this.workspace);
  }
}
