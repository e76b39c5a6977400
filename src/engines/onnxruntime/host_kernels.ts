import { readFile } from 'node:fs/promises';
import { wasmMemory } from '../../model/wasm_memory.js';
import type { Node } from '../../tracing/graph.js';
import type { HostCall, HostKernel, Places } from './host_kernel.js';
import { maxPoolGradient } from './host_pooling.js';
import { resizeAndNormalize } from './host_resize.js';

/** Compiled from assembly/. */
const MODULE = new URL('../../../dist/host_kernels.wasm', import.meta.url);

/** By the host operation that it computes. */
const hostKernels: Readonly<Record<string, HostKernel>> = {
  MaxPoolGradient: maxPoolGradient,
  ResizeAndNormalize: resizeAndNormalize,
};

/** Computes the graph's host operations in WebAssembly, on one block of memory that ONNX Runtime reads and writes too. */
export class HostKernels {
  private constructor(
    readonly memory: WebAssembly.Memory,
    private readonly scratch: number,
    private readonly calls: ReadonlyMap<Node, HostCall>,
    private readonly functions: Readonly<Record<HostCall['function'], (...numbers: number[]) => void>>,
  ) {}

  /**
   * @param bytes what the values take, a multiple of 4; the kernels' scratch memory comes behind them
   * @param nodes those that are going to run
   * @throws UserError where the machine does not have that much memory
   */
  static async open(bytes: number, nodes: readonly Node[], places: Places): Promise<HostKernels> {
    const calls = new Map(nodes.map((node) => [node, callOf(node, places)]));
    const memory = wasmMemory(bytes + scratchOf([...calls.values()]), 'the values of a compiled step');
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await readFile(MODULE)), {
      env: { memory },
    });
    return new HostKernels(memory, bytes, calls, exports as unknown as HostKernels['functions']);
  }

  run(node: Node): void {
    const call = this.calls.get(node)!;
    if (call.constants) new Int32Array(this.memory.buffer, this.scratch).set(call.constants);
    this.functions[call.function](...call.arguments(this.scratch));
  }
}

/** Bytes of the kernels' scratch memory, which they use one after the other. */
export function scratchBytes(nodes: readonly Node[], places: Places): number {
  return scratchOf(nodes.map((node) => callOf(node, places)));
}

function scratchOf(calls: readonly HostCall[]): number {
  return Math.max(0, ...calls.map((call) => call.scratchBytes));
}

function callOf(node: Node, places: Places): HostCall {
  return hostKernels[node.op]!(node, places);
}
