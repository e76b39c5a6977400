import { elements } from '../../shape.js';
import type { Graph, Node, Port } from '../../tracing/graph.js';
import { bytesOf, type View } from '../../tracing/view.js';
import { groupNodes } from '../onnxruntime/partition.js';
import type { Descriptors } from './descriptors.js';
import type { Library, Pointer } from './library.js';
import { lower, type Ports, portsOf } from './lower.js';
import { operations } from './operations.js';

/** Where the bytes of a slot are. */
export type Place =
  | { readonly kind: 'workspace' }
  /** The memory of gnet's own kernels. */
  | { readonly kind: 'kernels' }
  /** What a run is given: an input of the graph, or where to write an output. */
  | { readonly kind: 'input' | 'output'; readonly name: string }
  | { readonly kind: 'constant'; readonly view: View };

/** A value in one layout. */
export interface Slot {
  readonly index: number;
  readonly type: Port['type'];
  /** As graphs have it; the layout may be another one. */
  readonly shape: readonly number[];
  /** Null for what oneDNN does not read. */
  readonly md: Pointer | null;
  readonly bytes: number;
  readonly place: Place;
  /** Index of the first and the last command that use it. */
  from: number;
  to: number;
}

export interface Argument {
  /** DNNL_ARG_…. */
  readonly arg: number;
  readonly slot: Slot;
  /** Of a part of the slot. */
  readonly md: Pointer;
}

export type Command =
  | { readonly kind: 'primitive'; readonly pd: Pointer; readonly args: readonly Argument[] }
  /** Operators that ONNX Runtime computes. */
  | { readonly kind: 'segment'; readonly graph: Graph; readonly slots: ReadonlyMap<string, Slot> }
  /** A kernel of gnet's own. */
  | { readonly kind: 'kernel'; readonly node: Node; readonly input: Slot; readonly output: Slot };

/** What a run does, in order. */
export interface Plan {
  readonly commands: readonly Command[];
  readonly slots: readonly Slot[];
  readonly outputs: readonly Port[];
}

/** DNNL_ARG_FROM, DNNL_ARG_TO. */
const [FROM, TO] = [1, 17];

/** Turns a graph into commands; the descriptors of its primitives are `owned`, and whoever has the plan frees them. */
export class PlanBuilder {
  readonly ports: Ports;
  /** Layouts of each value, the one that it was computed in first. */
  private readonly forms = new Map<string, Slot[]>();
  private readonly commands: Command[] = [];
  private readonly slots: Slot[] = [];
  private readonly graph: Graph;
  /** The last node that reads a value. */
  private readonly lastReaders: ReadonlyMap<string, Node>;
  private readonly publicNames: ReadonlySet<string>;
  private readonly inputs: ReadonlySet<string>;
  private readonly notes = new Map<string, unknown>();

  constructor(
    graph: Graph,
    readonly library: Library,
    readonly engine: Pointer,
    readonly descriptors: Descriptors,
    readonly owned: Owned,
  ) {
    this.graph = lower(graph);
    this.ports = portsOf(this.graph);
    this.publicNames = new Set(graph.outputs.map(({ name }) => name));
    this.inputs = new Set(graph.inputs.map(({ name }) => name));
    const groups = groupNodes(this.graph);
    this.lastReaders = new Map(
      groups.flat().flatMap((node) => node.inputs.map((name) => [name, node] as const)),
    );
    for (const group of groups) this.append(group);
    for (const { name } of graph.outputs) this.deliver(name);
  }

  get plan(): Plan {
    return { commands: this.commands, slots: this.slots, outputs: this.graph.outputs };
  }

  shape(name: string): readonly number[] {
    const port = this.ports.get(name);
    if (!port) throw new Error(`the shape of value ${name} is not known`);
    return port.shape;
  }

  /** A value in the layout that it was computed in. */
  first(name: string): Slot {
    return this.formsOf(name)[0]!;
  }

  /** A value in row-major order. */
  plain(name: string): Slot {
    const forms = this.formsOf(name);
    return forms[0]!.md === null ? forms[0]! : this.as(name, this.descriptors.plain(forms[0]!.shape));
  }

  /** A value in a layout, reordered where it has not been yet. @param shape of the descriptor, where it is another one (groups) */
  as(name: string, md: Pointer, shape?: readonly number[]): Slot {
    const forms = this.formsOf(name);
    const known = forms.find((form) => form.md !== null && this.library.areEqual(form.md, md));
    if (known) return known;
    const [source] = forms as [Slot];
    // A grouped filter is the plain filter with one axis more.
    const from = shape ? this.descriptors.plain(shape) : source.md!;
    if (shape && this.library.areEqual(from, md)) return source;
    const slot = this.slot(this.ports.get(name)!, md, { kind: 'workspace' });
    this.reorder({ slot: source, md: from }, { slot, md });
    forms.push(slot);
    return slot;
  }

  /** A new value, in a layout of its own. */
  define(name: string, md: Pointer): Slot {
    const port = this.ports.get(name) ?? this.unknown(name);
    const isPlain = this.library.areEqual(md, this.descriptors.plain(port.shape));
    const place: Place =
      isPlain && this.publicNames.has(name) ? { kind: 'output', name } : { kind: 'workspace' };
    const slot = this.slot(port, md, place);
    this.forms.set(name, [slot]);
    return slot;
  }

  /** A value that takes the memory of another one, which nobody reads any more. */
  defineIn(name: string, slot: Slot): void {
    this.forms.set(name, [slot]);
  }

  /** A value that is another one under a further name. */
  alias(name: string, of: string): void {
    this.forms.set(name, this.formsOf(of));
  }

  /** Memory that a primitive and a later one share. */
  scratch(md: Pointer): Slot {
    return this.slot({ type: 'float32', shape: [] }, md, { kind: 'workspace' });
  }

  /** Whether `node` may overwrite this value: the last to read it, and nobody else's memory. */
  mayOverwrite(name: string, node: Node, slot: Slot): boolean {
    return (
      this.lastReaders.get(name) === node &&
      !this.publicNames.has(name) &&
      slot.place.kind === 'workspace' &&
      node.inputs.filter((input) => this.forms.get(input)?.includes(slot)).length === 1 &&
      [...this.forms].every(([other, forms]) => other === name || !forms.includes(slot))
    );
  }

  note(key: string, value: unknown): void {
    this.notes.set(key, value);
  }

  noted<T>(key: string): T | undefined {
    return this.notes.get(key) as T | undefined;
  }

  /** Appends a primitive. */
  run(pd: Pointer, args: readonly (readonly [arg: number, slot: Slot, md?: Pointer])[]): void {
    this.push({
      kind: 'primitive',
      pd,
      args: args.map(([arg, slot, md]) => ({ arg, slot, md: md ?? slot.md! })),
    });
  }

  reorder(from: Pick<Argument, 'slot' | 'md'>, to: Pick<Argument, 'slot' | 'md'>): void {
    const { make } = this.library;
    const pd = this.owned.pd(
      make.reorder_primitive_desc_create(from.md, this.engine, to.md, this.engine, null),
    );
    this.run(pd, [
      [FROM, from.slot, from.md],
      [TO, to.slot, to.md],
    ]);
  }

  private append(group: readonly Node[]): void {
    const [node] = group as [Node];
    if (!node.custom) this.appendSegment(group);
    else if (node.op === 'ResizeAndNormalize') this.appendKernel(node);
    else {
      const operation = operations[node.op];
      if (!operation) throw new Error(`oneDNN has no operation ${node.op}`);
      operation(this, node);
    }
  }

  private appendSegment(nodes: readonly Node[]): void {
    const computed = new Set(nodes.flatMap((node) => node.outputs));
    const read = [...new Set(nodes.flatMap((node) => node.inputs))].filter((name) => !computed.has(name));
    const inputs = read.filter((name) => !this.graph.initializers.has(name));
    const own = new Set(nodes);
    const readElsewhere = new Set(this.graph.nodes.flatMap((node) => (own.has(node) ? [] : node.inputs)));
    const outputs = [...computed].filter((name) => this.publicNames.has(name) || readElsewhere.has(name));
    const slots = new Map(inputs.map((name) => [name, this.plain(name)]));
    for (const name of outputs) {
      const port = this.ports.get(name) ?? this.unknown(name);
      const place: Place = this.publicNames.has(name) ? { kind: 'output', name } : { kind: 'workspace' };
      const slot = this.slot(port, this.plainDescriptor(port), place);
      this.forms.set(name, [slot]);
      slots.set(name, slot);
    }
    const ported = (names: readonly string[]) =>
      names.map((name) => ({ name, type: slots.get(name)!.type, shape: slots.get(name)!.shape }));
    const initializers = new Map([...this.graph.initializers].filter(([name]) => read.includes(name)));
    const graph = {
      nodes,
      inputs: ported(inputs),
      outputs: ported(outputs),
      initializers,
      values: this.graph.values,
    };
    this.push({ kind: 'segment', graph, slots });
  }

  private appendKernel(node: Node): void {
    const [input, output] = [node.inputs[0]!, node.outputs[0]!];
    const source = this.first(input);
    const slot = this.slot(this.ports.get(output)!, this.plainDescriptor(this.ports.get(output)!), {
      kind: 'kernels',
    });
    this.forms.set(output, [slot]);
    this.push({ kind: 'kernel', node, input: source, output: slot });
  }

  /** Sees that an output of the graph is where the caller wants it. */
  private deliver(name: string): void {
    const forms = this.formsOf(name);
    if (forms.some(({ place }) => place.kind === 'output' && place.name === name)) return;
    const port = this.ports.get(name)!;
    const md = this.descriptors.plain(port.shape);
    const slot = this.slot(port, md, { kind: 'output', name });
    const source = forms.find((form) => this.library.areEqual(form.md!, md)) ?? forms[0]!;
    this.reorder({ slot: source, md: source.md! }, { slot, md });
  }

  private formsOf(name: string): Slot[] {
    let forms = this.forms.get(name);
    if (!forms) {
      const view = this.graph.initializers.get(name);
      const port = this.ports.get(name);
      if (!port || (!view && !this.inputs.has(name)))
        throw new Error(`value ${name} is neither an input nor computed`);
      const place: Place = view ? { kind: 'constant', view } : { kind: 'input', name };
      forms = [this.slot(port, this.plainDescriptor(port), place)];
      this.forms.set(name, forms);
    }
    return forms;
  }

  private plainDescriptor({ type, shape }: Omit<Port, 'name'>): Pointer | null {
    return type === 'float32' && shape.length > 0 ? this.descriptors.plain(shape) : null;
  }

  private slot({ type, shape }: Omit<Port, 'name'>, md: Pointer | null, place: Place): Slot {
    const bytes = md === null ? elements(shape) * bytesOf(type) : this.library.sizeOf(md);
    const next = this.commands.length;
    const slot: Slot = { index: this.slots.length, type, shape, md, bytes, place, from: next, to: next };
    this.slots.push(slot);
    return slot;
  }

  private push(command: Command): void {
    const index = this.commands.length;
    const used =
      command.kind === 'primitive'
        ? command.args.map(({ slot }) => slot)
        : command.kind === 'segment'
          ? [...command.slots.values()]
          : [command.input, command.output];
    for (const slot of used) slot.to = index;
    this.commands.push(command);
  }

  private unknown(name: string): never {
    throw new Error(`the shape of value ${name} is not known`);
  }
}

/** The library's objects that belong to somebody, and are freed together. */
export class Owned {
  private readonly frees: (() => void)[] = [];

  constructor(private readonly library: Library) {}

  pd(pd: Pointer): Pointer {
    this.frees.push(() => this.library.call.primitive_desc_destroy(pd));
    return pd;
  }

  primitive(primitive: Pointer): Pointer {
    this.frees.push(() => this.library.call.primitive_destroy(primitive));
    return primitive;
  }

  memory(memory: Pointer): Pointer {
    this.frees.push(() => this.library.call.memory_destroy(memory));
    return memory;
  }

  desc(md: Pointer): Pointer {
    this.frees.push(() => this.library.call.memory_desc_destroy(md));
    return md;
  }

  release(): void {
    for (const free of this.frees.toReversed()) free();
    this.frees.length = 0;
  }
}
