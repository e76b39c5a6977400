import type { SharedMemory } from '../../model/wasm_memory.js';
import type { Node } from '../../tracing/graph.js';
import { type View, type Views, viewOf } from '../../tracing/view.js';
import type { Executable } from '../engine.js';
import type { Place } from './custom_kernel.js';
import { CustomKernels, scratchBytes } from './custom_kernels.js';
import type { EngineOptions } from './engine.js';
import { planMemory } from './memory_plan.js';
import type { Partition, Step } from './partition.js';
import { type LoadedSegment, loadSegment, runSegment } from './segment.js';

type LoadedStep = { readonly node: Node } | LoadedSegment;

/**
 * A graph ready to run: sessions of ONNX Runtime and custom kernels in turn. All memory that they write to is laid out
 * ahead, so that a run allocates nothing.
 */
export class OnnxRuntimeExecutable implements Executable {
  /** What passes between steps: views of the workspace, which moves as it grows. */
  private readonly intermediates = new Map<string, View>();
  private buffer: ArrayBuffer | undefined;
  /** Outputs that had no destination. */
  private readonly own = new Map<string, View>();

  private constructor(
    private readonly parts: Partition,
    private readonly steps: readonly LoadedStep[],
    private readonly offsets: ReadonlyMap<string, number>,
    private readonly kernels: CustomKernels,
  ) {}

  /** @param workspace memory for what passes between steps; other executables may use it between two runs */
  static async open(
    parts: Partition,
    options: EngineOptions,
    workspace: SharedMemory,
  ): Promise<OnnxRuntimeExecutable> {
    const { offsets, bytes, places } = layout(parts);
    const nodes = customNodes(parts.steps);
    const memory = workspace.reserve(bytes + scratchBytes(nodes, places));
    const kernels = await CustomKernels.open(memory, bytes, nodes, places);
    const steps = await Promise.all(parts.steps.map((step) => load(step, options)));
    return new OnnxRuntimeExecutable(parts, steps, offsets, kernels);
  }

  async run(inputs: Views, destinations: Views = new Map()): Promise<(output: string) => View> {
    this.placeIntermediates();
    const value = (name: string) =>
      inputs.get(name) ?? destinations.get(name) ?? this.intermediates.get(name) ?? this.ownOutput(name);
    for (const name of this.parts.copied) copy(name, inputs.get(name), this.intermediates.get(name)!);
    for (const step of this.steps) {
      if ('node' in step) this.kernels.run(step.node);
      else await runSegment(step, value);
    }
    return value;
  }

  async release(): Promise<void> {
    await Promise.all(this.steps.map((step) => ('session' in step ? step.session.release() : undefined)));
  }

  private placeIntermediates(): void {
    const { buffer } = this.kernels.memory;
    if (buffer === this.buffer) return;
    for (const port of this.parts.intermediates)
      this.intermediates.set(port.name, viewOf(port, buffer, this.offsets.get(port.name)!));
    this.buffer = buffer;
  }

  private ownOutput(name: string): View {
    let view = this.own.get(name);
    if (!view) {
      const port = this.parts.outputs.find((output) => output.name === name);
      if (!port) throw new Error(`input ${name}: expected a tensor, got nothing`);
      view = viewOf(port);
      this.own.set(name, view);
    }
    return view;
  }
}

/** Bytes of workspace that the values between steps and the custom kernels take. */
export function workspaceBytes(parts: Partition): number {
  const { bytes, places } = layout(parts);
  return bytes + scratchBytes(customNodes(parts.steps), places);
}

function layout({ intermediates }: Partition) {
  const { offsets, bytes } = planMemory(intermediates);
  const places = new Map<string, Place>(
    intermediates.map(({ name, shape }) => [name, { offset: offsets.get(name)!, shape }]),
  );
  return { offsets, bytes, places };
}

function customNodes(steps: readonly Step[]): Node[] {
  return steps.flatMap((step) => (step.kind === 'custom' ? [step.node] : []));
}

async function load(step: Step, options: EngineOptions): Promise<LoadedStep> {
  return step.kind === 'custom' ? { node: step.node } : loadSegment(step.graph, options);
}

/** @throws Error where an input is not what the graph takes, as ONNX Runtime does */
function copy(name: string, from: View | undefined, to: View): void {
  const describe = ({ type, shape }: View) => `${type} [${shape.join(', ')}]`;
  const given = from ? describe(from) : 'nothing';
  if (given !== describe(to)) throw new Error(`input ${name}: expected ${describe(to)}, got ${given}`);
  (to.data as Uint8Array).set(from!.data as Uint8Array);
}
