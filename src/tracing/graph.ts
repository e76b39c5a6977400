import type { ElementType, TypedArray, View } from './view.js';

/** ONNX tells integers and floats apart, JavaScript does not: a float is wrapped. */
export type Attribute =
  | string
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly type: ElementType };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly scope: string;
  /** One of gnet's own operations, of which its engine has a kernel; all others are operators of ONNX. */
  readonly custom: boolean;
}

/** Unique in its graph. @param index of the node in the graph */
export function nodeName({ scope, op }: Node, index: number): string {
  return `${scope}/${op}_${index}`;
}

/** What is known of a value that enters or leaves a graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** As it is stored; in exports, −1 is a batch of any size. */
  readonly shape: readonly number[];
}

/**
 * A finished graph: the nodes that its outputs depend on, in order. Operators are those of ONNX, opset 18, or what the
 * trace's target makes of them.
 */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Constants and what else is kept in the graph, by the name of the value. */
  readonly initializers: ReadonlyMap<string, View>;
  /** Type and stored shape of the values between nodes, where they are known. */
  readonly values: ReadonlyMap<string, Port>;
}

/** Builds a graph node by node; names are made here and are valid for this graph only. */
export class GraphBuilder {
  /** Goes into the names of nodes, so that profiles and errors tell the layer. */
  scope = '';
  private readonly nodes: Node[] = [];
  private readonly inputs: Port[] = [];
  private readonly outputs: (Port & { source: string })[] = [];
  private readonly initializers = new Map<string, View>();
  private readonly values = new Map<string, Port>();
  private readonly constants = new Map<string, string>();
  private counter = 0;

  /** Appends a node with one output and returns the output's name. */
  node(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    return this.nodeWithOutputs(op, inputs, attributes, 1)[0]!;
  }

  /** Appends a node with `count` outputs and returns their names. */
  nodeWithOutputs(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
  ): string[] {
    return this.append(op, inputs, attributes, count, false);
  }

  /** Appends one of gnet's own operations and returns its output's name. */
  customNode(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): string {
    return this.append(op, inputs, attributes, 1, true)[0]!;
  }

  private append(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
    custom: boolean,
  ): string[] {
    const outputs = Array.from({ length: count }, () => `v${this.counter++}`);
    this.nodes.push({ op, inputs, outputs, attributes, scope: this.scope, custom });
    return outputs;
  }

  /** The node that computes a value. */
  producer(name: string): Node | undefined {
    return this.nodes.findLast((node) => node.outputs.includes(name));
  }

  /** Notes type and stored shape of a value, which is needed where it passes from one part of the graph to another. */
  declare(name: string, type: ElementType, shape: readonly number[]): void {
    this.values.set(name, { name, type, shape });
  }

  input(name: string, type: ElementType, shape: readonly number[]): string {
    this.inputs.push({ name, type, shape });
    return name;
  }

  output(name: string, source: string, type: ElementType, shape: readonly number[]): void {
    this.outputs.push({ name, source, type, shape });
  }

  /** Data that are kept in the graph under a public name, such as a parameter. */
  initializer(name: string, data: Float32Array, shape: readonly number[]): string {
    // A copy: what it was made of may change.
    this.initializers.set(name, { type: 'float32', shape, data: data.slice() });
    return name;
  }

  floats(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.constant('float32', Float32Array.from(values), shape);
  }

  int32s(values: ArrayLike<number>, shape: readonly number[]): string {
    return this.constant('int32', Int32Array.from(values), shape);
  }

  int64s(values: readonly number[]): string {
    return this.constant('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }

  private constant(type: ElementType, data: TypedArray, shape: readonly number[]): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    // Small ones (axes, shapes, factors) recur all over a graph.
    const key = bytes.length <= 64 ? `${type}${shape.join(',')}:${bytes.join(',')}` : undefined;
    const known = key === undefined ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.counter++}`;
    this.initializers.set(name, { type, shape, data });
    if (key !== undefined) this.constants.set(key, name);
    return name;
  }

  /** The nodes that an output depends on, in order. */
  private liveNodes(): Node[] {
    const needed = new Set(this.outputs.map((output) => output.source));
    const live = this.nodes.toReversed().filter((node) => {
      const isLive = node.outputs.some((name) => needed.has(name));
      if (isLive) for (const name of node.inputs) needed.add(name);
      return isLive;
    });
    return live.toReversed();
  }

  /** The graph without what no output depends on; its outputs bear their public names. */
  finish(): Graph {
    const live = this.liveNodes();
    // An output gets its public name where the value is computed; Identity only serves inputs and repeated outputs, and
    // in a graph that custom operations cut, what they compute and what other nodes read: that lies in memory of its own.
    const isCut = live.some((node) => node.custom);
    const read = new Set(isCut ? live.flatMap((node) => node.inputs) : []);
    const computed = new Set(live.flatMap((node) => (node.custom ? [] : node.outputs)));
    const renamed = new Map<string, string>();
    const copies: Node[] = [];
    for (const { name, source } of this.outputs) {
      if (computed.has(source) && !read.has(source) && !renamed.has(source)) renamed.set(source, name);
      else copies.push({ ...copy, inputs: [source], outputs: [name] });
    }
    const rename = (name: string) => renamed.get(name) ?? name;
    const nodes = [...live, ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
    const used = new Set(nodes.flatMap((node) => node.inputs));
    return {
      nodes,
      inputs: this.inputs,
      outputs: this.outputs.map(({ name, type, shape }) => ({ name, type, shape })),
      initializers: new Map([...this.initializers].filter(([name]) => used.has(name))),
      values: this.values,
    };
  }
}

const copy = { op: 'Identity', attributes: {}, scope: 'outputs', custom: false } as const;
