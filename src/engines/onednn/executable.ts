import { setImmediate } from 'node:timers/promises';
import type { SharedMemory } from '../../model/wasm_memory.js';
import { elements } from '../../shape.js';
import { bytesOf, type View, type Views, viewOf } from '../../tracing/view.js';
import type { Executable } from '../engine.js';
import { CustomKernels, scratchBytes } from '../onnxruntime/custom_kernels.js';
import { planMemory } from '../onnxruntime/memory_plan.js';
import { type LoadedSegment, loadSegment, runSegment } from '../onnxruntime/segment.js';
import { addressOf, type Library, type Pointer } from './library.js';
import type { Command, Owned, Plan, Slot } from './plan.js';
import type { Workspace } from './workspace.js';

/** What an executable computes with. */
export interface Resources {
  readonly library: Library;
  readonly engine: Pointer;
  readonly stream: Pointer;
  readonly threads: number;
  readonly workspace: Workspace;
  /** Of gnet's own kernels. */
  readonly kernelMemory: SharedMemory;
}

type LoadedCommand =
  | { readonly kind: 'primitive'; readonly primitive: Pointer; readonly args: BigInt64Array }
  | { readonly kind: 'segment'; readonly segment: LoadedSegment; readonly slots: ReadonlyMap<string, Slot> }
  | Extract<Command, { kind: 'kernel' }>;

/** For how long primitives run before whatever else waits has its turn. */
const TURN_MS = 20;

/** The library's name for a slot's memory: it holds the address, which changes where the memory does. */
interface Bound {
  readonly memories: Pointer[];
  address: Pointer;
  /** Keeps the memory from being collected. */
  view: View | undefined;
}

/**
 * A plan ready to run: primitives, gnet's own kernels and sessions of ONNX Runtime in turn, on memory that is laid out ahead.
 * Primitives run on the thread that calls, which looks after other work between them.
 */
export class OnednnExecutable implements Executable {
  /** Views of the slots that ONNX Runtime and kernels use, as long as those stay where they are. */
  private readonly views = new Map<Slot, View>();
  /** Outputs that had no destination. */
  private readonly own = new Map<string, View>();
  private memory: Uint8Array | undefined;
  private kernelBuffer: ArrayBuffer | undefined;

  private constructor(
    private readonly resources: Resources,
    private readonly plan: Plan,
    private readonly commands: readonly LoadedCommand[],
    private readonly bound: ReadonlyMap<Slot, Bound>,
    private readonly layout: ReturnType<typeof layOut>,
    private readonly kernels: CustomKernels | undefined,
    private readonly owned: Owned,
  ) {}

  static async open(resources: Resources, plan: Plan, owned: Owned): Promise<OnednnExecutable> {
    const layout = layOut(plan);
    resources.workspace.reserve(layout.bytes);
    const kernels = await openKernels(resources, plan);
    const bound = new Map<Slot, Bound>();
    const memories = new Map<string, Pointer>();
    const memoryOf = (slot: Slot, md: Pointer): Pointer => {
      const key = `${slot.index} ${md}`;
      let memory = memories.get(key);
      if (memory === undefined) {
        memory = owned.memory(resources.library.make.memory_create(md, resources.engine, null));
        memories.set(key, memory);
        const known = bound.get(slot) ?? { memories: [], address: 0n, view: undefined };
        known.memories.push(memory);
        bound.set(slot, known);
      }
      return memory;
    };
    const commands: LoadedCommand[] = [];
    for (const command of plan.commands) commands.push(await load(command, resources, memoryOf, owned));
    const executable = new OnednnExecutable(resources, plan, commands, bound, layout, kernels, owned);
    for (const [slot, each] of bound)
      if (slot.place.kind === 'constant') executable.bind(slot, each, slot.place.view);
    return executable;
  }

  async run(inputs: Views, destinations: Views = new Map()): Promise<(output: string) => View> {
    const { library, stream, threads } = this.resources;
    this.placeWorkspace();
    this.placeGiven(inputs, destinations);
    library.setThreads(threads);
    let turn = performance.now();
    for (const command of this.commands) {
      if (command.kind === 'primitive') {
        const { primitive, args } = command;
        library.call.primitive_execute(primitive, stream, args.length / 2, args);
        if (performance.now() - turn < TURN_MS) continue;
        await setImmediate();
        library.setThreads(threads);
        turn = performance.now();
      } else if (command.kind === 'segment') {
        const { segment, slots } = command;
        await runSegment(segment, (name) => this.viewOf(slots.get(name)!));
        library.setThreads(threads);
        turn = performance.now();
      } else {
        const { data } = this.viewOf(command.input);
        this.kernelView(command.node.inputs[0]!, command.input).set(data as Uint8Array);
        this.kernels!.run(command.node);
      }
    }
    library.call.stream_wait(stream);
    return (name) => {
      const view = inputs.get(name) ?? destinations.get(name) ?? this.own.get(name);
      if (!view) throw new Error(`the graph has no output ${name}`);
      return view;
    };
  }

  async release(): Promise<void> {
    for (const command of this.commands)
      if (command.kind === 'segment') await command.segment.session.release();
    this.owned.release();
  }

  /** Tells the library where the values between commands are, where that has changed. */
  private placeWorkspace(): void {
    const memory = this.resources.workspace.reserve(this.layout.bytes);
    if (memory !== this.memory) {
      const address = addressOf(memory);
      const first = Number(-address & 63n);
      for (const slot of this.plan.slots) {
        if (slot.place.kind !== 'workspace') continue;
        const offset = first + this.layout.offsets.get(String(slot.index))!;
        if (offset + slot.bytes > memory.byteLength) throw new Error('a value lies outside of the workspace');
        const bound = this.bound.get(slot);
        if (bound) this.setAddress(bound, address + BigInt(offset));
        if (slot.md === null || this.isPlain(slot))
          this.views.set(slot, viewOf(slot, memory.buffer as ArrayBuffer, memory.byteOffset + offset));
      }
      this.memory = memory;
    }
    this.placeKernelValues();
  }

  /** Where the values of gnet's own kernels are. */
  private placeKernelValues(): void {
    const buffer = this.kernels?.memory.buffer;
    if (!buffer || buffer === this.kernelBuffer) return;
    for (const command of this.commands) {
      if (command.kind !== 'kernel') continue;
      const view = viewOf(command.output, buffer, this.layout.kernelOffsets.get(command.node.outputs[0]!)!);
      this.views.set(command.output, view);
      const bound = this.bound.get(command.output);
      if (bound) this.bind(command.output, bound, view);
    }
    this.kernelBuffer = buffer;
  }

  private kernelView(name: string, slot: Slot): Uint8Array {
    return new Uint8Array(this.kernels!.memory.buffer, this.layout.kernelOffsets.get(name)!, slot.bytes);
  }

  /** @throws Error where an input is missing or is not what the graph takes */
  private placeGiven(inputs: Views, destinations: Views): void {
    for (const slot of this.plan.slots) {
      const { place } = slot;
      if (place.kind !== 'input' && place.kind !== 'output') continue;
      const given =
        place.kind === 'input'
          ? inputs.get(place.name)
          : (destinations.get(place.name) ?? this.ownOutput(place.name, slot));
      requireView(place.name, slot, given);
      this.views.set(slot, given);
      const bound = this.bound.get(slot);
      if (bound && bound.view !== given) this.bind(slot, bound, given);
    }
  }

  private ownOutput(name: string, slot: Slot): View {
    let view = this.own.get(name);
    if (!view) {
      view = viewOf(slot);
      this.own.set(name, view);
    }
    return view;
  }

  private bind(slot: Slot, bound: Bound, view: View): void {
    if (view.data.byteLength < slot.bytes) throw new Error('a value is larger than its memory');
    bound.view = view;
    this.setAddress(bound, addressOf(view.data));
  }

  private setAddress(bound: Bound, address: Pointer): void {
    if (bound.address === address) return;
    bound.address = address;
    for (const memory of bound.memories) this.resources.library.call.memory_set_data_handle(memory, address);
  }

  private isPlain({ type, shape, bytes }: Slot): boolean {
    return elements(shape) * bytesOf(type) === bytes;
  }

  private viewOf(slot: Slot): View {
    return slot.place.kind === 'constant' ? slot.place.view : this.views.get(slot)!;
  }
}

function requireView(name: string, slot: Slot, given: View | undefined): asserts given is View {
  const describe = ({ type, shape }: Pick<View, 'type' | 'shape'>) => `${type} [${shape.join(', ')}]`;
  const found = given ? describe(given) : 'nothing';
  if (found !== describe(slot) || given!.data.byteLength !== elements(slot.shape) * bytesOf(slot.type))
    throw new Error(`input ${name}: expected ${describe(slot)}, got ${found}`);
}

/** Where each slot lies in the workspace, and the values of gnet's own kernels in theirs. */
function layOut({ commands, slots }: Plan) {
  const values = slots
    .filter(({ place }) => place.kind === 'workspace')
    .map(({ index, bytes, from, to }) => ({
      name: String(index),
      type: 'uint8' as const,
      shape: [bytes],
      from,
      to,
    }));
  const { offsets, bytes } = planMemory(values);
  const kernels = commands.filter((command) => command.kind === 'kernel');
  const { offsets: kernelOffsets, bytes: kernelBytes } = planMemory(
    kernels.flatMap(({ node, input, output }) => [
      { name: node.inputs[0]!, type: input.type, shape: input.shape, from: 0, to: 0 },
      { name: node.outputs[0]!, type: output.type, shape: output.shape, from: 0, to: 0 },
    ]),
  );
  return { offsets, bytes, kernelOffsets, kernelBytes };
}

async function openKernels({ kernelMemory }: Resources, plan: Plan): Promise<CustomKernels | undefined> {
  const commands = plan.commands.filter((command) => command.kind === 'kernel');
  if (commands.length === 0) return undefined;
  const { kernelOffsets, kernelBytes } = layOut(plan);
  const places = new Map(
    commands.flatMap(({ node, input, output }) => [
      [node.inputs[0]!, { offset: kernelOffsets.get(node.inputs[0]!)!, shape: input.shape }] as const,
      [node.outputs[0]!, { offset: kernelOffsets.get(node.outputs[0]!)!, shape: output.shape }] as const,
    ]),
  );
  const nodes = commands.map(({ node }) => node);
  const memory = kernelMemory.reserve(kernelBytes + scratchBytes(nodes, places));
  return CustomKernels.open(memory, kernelBytes, nodes, places);
}

async function load(
  command: Command,
  { library, threads }: Resources,
  memoryOf: (slot: Slot, md: Pointer) => Pointer,
  owned: Owned,
): Promise<LoadedCommand> {
  if (command.kind === 'kernel') return command;
  if (command.kind === 'segment') {
    const options = { executionProviders: ['cpu'], threads, device: false };
    return { kind: 'segment', segment: await loadSegment(command.graph, options), slots: command.slots };
  }
  library.setThreads(threads);
  const primitive = owned.primitive(library.make.primitive_create(command.pd));
  const args = command.args.flatMap(({ arg, slot, md }) => [BigInt(arg), memoryOf(slot, md)]);
  return { kind: 'primitive', primitive, args: BigInt64Array.from(args) };
}
