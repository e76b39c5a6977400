import * as ort from 'onnxruntime-node';
import { LARGEST_MEMORY } from '../../model/wasm_memory.js';
import type { Node, Port } from '../../tracing/graph.js';
import { EngineError } from '../engine_error.js';
import type { Place } from './host_kernel.js';
import { HostKernels, scratchBytes } from './host_kernels.js';
import { planMemory } from './memory_plan.js';
import { type Crossing, NO_COPIES, type Partition, type Step } from './partition.js';
import { openSession } from './sessions.js';

export interface SessionOptions {
  readonly executionProviders: readonly ort.InferenceSession.ExecutionProviderConfig[];
  /** Threads of one operation; 0 takes one for each core. */
  readonly threads: number;
}

export type Tensors = Readonly<Record<string, ort.Tensor>>;

type LoadedStep = { readonly node: Node } | LoadedSegment;

interface LoadedSegment {
  readonly session: ort.InferenceSession;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * A graph ready to run: sessions of ONNX Runtime and host kernels in turn. All memory that they write to is laid out
 * ahead, so that a run allocates nothing.
 */
export class Executable {
  private constructor(
    private readonly steps: readonly LoadedStep[],
    private readonly kernels: HostKernels,
    /** Inputs that host kernels read: values that each run copies. */
    private readonly copied: readonly string[],
    /** What passes between steps, as views of the kernels' memory, and what the graph gives its caller. */
    private readonly values: ReadonlyMap<string, ort.Tensor>,
  ) {}

  static async open(parts: Partition, options: SessionOptions): Promise<Executable> {
    const { steps, crossings, copied, outputs } = parts;
    const { offsets, bytes } = planMemory(crossings);
    const places = placesOf(crossings, offsets);
    const kernels = await HostKernels.open(bytes, hostNodes(steps), places);
    const { buffer } = kernels.memory;
    const values = [
      ...crossings.map((port) => [port.name, tensor(port, buffer, offsets.get(port.name)!)] as const),
      ...outputs.map((port) => [port.name, tensor(port)] as const),
    ];
    const loaded = await Promise.all(steps.map((step) => load(step, options)));
    return new Executable(loaded, kernels, copied, new Map(values));
  }

  /**
   * @param destinations where to write outputs
   * @returns tensor of each output; the next run overwrites those without a destination
   */
  async run(feeds: Tensors, destinations: Tensors = {}): Promise<(output: string) => ort.Tensor> {
    const value = (name: string) => feeds[name] ?? destinations[name] ?? this.values.get(name)!;
    const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, value(name)]));
    for (const name of this.copied) copy(name, feeds[name], this.values.get(name)!);
    for (const step of this.steps) {
      if ('node' in step) this.kernels.run(step.node);
      else await runSegment(step.session, named(step.inputs), named(step.outputs));
    }
    return value;
  }

  async release(): Promise<void> {
    await Promise.all(this.steps.map((step) => ('session' in step ? step.session.release() : undefined)));
  }
}

/** Whether the values that pass between the steps fit into the memory that WebAssembly can address. */
export function isAddressable({ steps, crossings }: Partition): boolean {
  const { offsets, bytes } = planMemory(crossings);
  return bytes + scratchBytes(hostNodes(steps), placesOf(crossings, offsets)) <= LARGEST_MEMORY;
}

function hostNodes(steps: readonly Step[]): Node[] {
  return steps.flatMap((step) => (step.kind === 'host' ? [step.node] : []));
}

function placesOf(crossings: readonly Crossing[], offsets: ReadonlyMap<string, number>): Map<string, Place> {
  return new Map(crossings.map(({ name, shape }) => [name, { offset: offsets.get(name)!, shape }]));
}

async function load(step: Step, { executionProviders, threads }: SessionOptions): Promise<LoadedStep> {
  if (step.kind === 'host') return { node: step.node };
  const session = await openSession(step.model, {
    executionProviders: [...executionProviders],
    intraOpNumThreads: threads,
    // Each session has threads of its own; those of one must not spin while another one runs.
    extra: { session: { force_spinning_stop: '1' } },
  });
  return { session, inputs: step.inputs, outputs: step.outputs };
}

/** @throws Error where an input is not what the graph takes, as ONNX Runtime does */
function copy(name: string, from: ort.Tensor | undefined, to: ort.Tensor): void {
  const describe = ({ type, dims }: ort.Tensor) => `${type} [${dims.join(', ')}]`;
  const given = from ? describe(from) : 'nothing';
  if (given !== describe(to)) throw new Error(`input ${name}: expected ${describe(to)}, got ${given}`);
  (to.data as Uint8Array).set(from!.data as Uint8Array);
}

/** Runs a session, which writes to `outputs`. */
async function runSegment(session: ort.InferenceSession, inputs: Tensors, outputs: Tensors): Promise<void> {
  try {
    // ONNX Runtime makes an output that is null; the type of `fetches` does not know that.
    const fetches = { [NO_COPIES]: null, ...outputs } as unknown as ort.InferenceSession.FetchesType;
    await session.run(inputs, fetches);
  } catch (error) {
    if (!(error as Error).message.startsWith('Non tensor type')) throw new EngineError(error);
  }
}

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** A tensor in memory of its own, or at `offset` of `buffer`. */
function tensor({ type, shape }: Port, buffer?: ArrayBuffer, offset?: number): ort.Tensor {
  const length = shape.reduce((product, dimension) => product * dimension, 1);
  const data = buffer ? new arrays[type](buffer, offset, length) : new arrays[type](length);
  return new ort.Tensor(type, data, shape);
}
