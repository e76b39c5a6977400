import { readFile } from 'node:fs/promises';
import type { Node } from '../../tracing/graph.js';
import type { CustomCall, CustomKernel, Places } from './custom_kernel.js';
import { maxPoolGradient } from './custom_pooling.js';
import { resizeAndNormalize } from './custom_resize.js';

/** Compiled from assembly/. */
const MODULE = new URL('../../../dist/custom_kernels.wasm', import.meta.url);

/** By the custom operation that it computes. */
const customKernels: Readonly<Record<string, CustomKernel>> = {
  MaxPoolGradient: maxPoolGradient,
  ResizeAndNormalize: resizeAndNormalize,
};

/** Computes the graph's custom operations in WebAssembly, on one block of memory that ONNX Runtime reads and writes too. */
export class CustomKernels {
  private constructor(
    readonly memory: WebAssembly.Memory,
    private readonly scratch: number,
    private readonly calls: ReadonlyMap<Node, CustomCall>,
    private readonly functions: Readonly<Record<CustomCall['function'], (...numbers: number[]) => void>>,
  ) {}

  /**
   * @param memory holds the values, and the kernels' scratch memory (`scratchBytes`) behind them
   * @param scratch where that begins, a multiple of 4
   * @param nodes those that are going to run
   */
  static async open(
    memory: WebAssembly.Memory,
    scratch: number,
    nodes: readonly Node[],
    places: Places,
  ): Promise<CustomKernels> {
    const calls = new Map(nodes.map((node) => [node, callOf(node, places)]));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await readFile(MODULE)), {
      env: { memory },
    });
    return new CustomKernels(memory, scratch, calls, exports as unknown as CustomKernels['functions']);
  }

  run(node: Node): void {
    const call = this.calls.get(node)!;
    if (call.constants) new Int32Array(this.memory.buffer, this.scratch).set(call.constants);
    this.functions[call.function](...call.arguments(this.scratch));
  }
}

/** Bytes of the kernels' scratch memory, which they use one after the other. */
export function scratchBytes(nodes: readonly Node[], places: Places): number {
  return Math.max(0, ...nodes.map((node) => callOf(node, places).scratchBytes));
}

function callOf(node: Node, places: Places): CustomCall {
  return customKernels[node.op]!(node, places);
}
