import { readFile } from 'node:fs/promises';
import { wasmMemory } from '../model/wasm_memory.js';
import type { Node } from './graph.js';

/** Compiled from assembly/max_pool_gradient.ts. */
const MODULE = new URL('../../dist/max_pool_gradient.wasm', import.meta.url);
/** Windows that the kernel compares at a time. */
const LANES = 4;

/** Where a value lies in the memory, and its shape. */
export interface Place {
  readonly offset: number;
  readonly shape: readonly number[];
}

type Places = ReadonlyMap<string, Place>;

/** Computes the graph's host operations in WebAssembly, on one block of memory that ONNX Runtime reads and writes too. */
export class HostKernels {
  private constructor(
    readonly memory: WebAssembly.Memory,
    private readonly scratch: number,
    private readonly maxPoolGradient: (...numbers: number[]) => void,
  ) {}

  /**
   * @param bytes what the values take; the kernels' scratch memory comes behind them
   * @throws UserError where the machine does not have that much memory
   */
  static async open(bytes: number, nodes: readonly Node[], places: Places): Promise<HostKernels> {
    const memory = wasmMemory(bytes + scratchBytes(nodes, places), 'the values of a compiled step');
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await readFile(MODULE)), {
      env: { memory },
    });
    return new HostKernels(memory, bytes, exports.maxPoolGradient as (...numbers: number[]) => void);
  }

  run(node: Node, places: Places): void {
    const { x, y, dy, dx, kernel, strides, pads, padded } = pooling(node, places);
    const [batch, channels, height, width] = x.shape as [number, number, number, number];
    this.maxPoolGradient(
      ...[x.offset, y.offset, dy.offset, dx.offset, this.scratch],
      ...[batch * channels, height, width, y.shape[2]!, y.shape[3]!],
      ...[...kernel, ...strides, pads[0]!, pads[1]!, ...padded],
      node.attributes.positive as number,
    );
  }
}

/** Bytes of the kernels' scratch memory: the largest padded plane and a row of positions. */
export function scratchBytes(nodes: readonly Node[], places: Places): number {
  const floats = nodes.map((node) => {
    const { y, padded } = pooling(node, places);
    return padded[0] * padded[1] + y.shape[3]! + 4 * LANES;
  });
  return 4 * Math.max(0, ...floats);
}

/** The operands of a MaxPoolGradient, and the plane that holds all that its windows, rounded up to whole lanes, see. */
function pooling({ inputs, outputs, attributes }: Node, places: Places) {
  const [x, y, dy, dx] = [...inputs, ...outputs].map((name) => places.get(name)!) as [
    Place,
    Place,
    Place,
    Place,
  ];
  const kernel = attributes.kernel_shape as [number, number];
  const strides = attributes.strides as [number, number];
  const pads = attributes.pads as readonly number[];
  const [outHeight, outWidth] = y.shape.slice(2) as [number, number];
  const lanes = Math.ceil(outWidth / LANES) * LANES;
  const padded: [number, number] = [
    (outHeight - 1) * strides[0] + kernel[0],
    Math.max(lanes * strides[1] + kernel[1] + 2 * LANES, pads[1]! + x.shape[3]!),
  ];
  return { x, y, dy, dx, kernel, strides, pads, padded };
}
