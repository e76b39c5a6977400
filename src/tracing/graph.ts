import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from '../engines/onnxruntime/onnx_pb.js';

/** Element types that occur in traced graphs, by ONNX Runtime's names. */
export type ElementType = 'float32' | 'int32' | 'int64' | 'uint8' | 'bool';

export const dataTypes: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** ONNX tells integers and floats apart, JavaScript does not: a float is wrapped. */
export type Attribute = string | number | readonly number[] | { readonly float: number };

export interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly scope: string;
  /** Computed by gnet itself between parts of the graph (host_kernels.ts), not by ONNX Runtime. */
  readonly host: boolean;
}

/** What is known of a value that enters or leaves a graph. */
export interface Port {
  readonly name: string;
  readonly type: ElementType;
  /** As it is stored. */
  readonly shape: readonly number[];
}

export type Initializer = MessageInitShape<typeof TensorProtoSchema>;

/** A finished graph: the nodes that its outputs depend on, in order. */
export interface Graph {
  readonly nodes: readonly Node[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly initializers: ReadonlyMap<string, Initializer>;
}

/** opset 18: reductions take their axes as an input, ScatterElements and Resize have their present form. */
const OPSET = 18;
/** The first IR version that goes with opset 18. */
const IR_VERSION = 8;

/** Builds an ONNX graph node by node; names are made here and are valid for this graph only. */
export class GraphBuilder {
  /** Goes into the names of nodes, so that profiles and errors tell the layer. */
  scope = '';
  private readonly nodes: Node[] = [];
  private readonly inputs: Port[] = [];
  private readonly outputs: (Port & { source: string })[] = [];
  private readonly initializers = new Map<string, Initializer>();
  private readonly ports = new Map<string, Port>();
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

  /** Appends an operation of host_kernels.ts and returns its output's name. */
  hostNode(op: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>>): string {
    return this.append(op, inputs, attributes, 1, true)[0]!;
  }

  private append(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
    count: number,
    host: boolean,
  ): string[] {
    const outputs = Array.from({ length: count }, () => `v${this.counter++}`);
    this.nodes.push({ op, inputs, outputs, attributes, scope: this.scope, host });
    return outputs;
  }

  /** The node that computes a value. */
  producer(name: string): Node | undefined {
    return this.nodes.findLast((node) => node.outputs.includes(name));
  }

  /** Notes type and stored shape of a value, which is needed where it passes from one part of the graph to another. */
  declare(name: string, type: ElementType, shape: readonly number[]): void {
    this.ports.set(name, { name, type, shape });
  }

  port(name: string): Port | undefined {
    return this.ports.get(name);
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
    this.initializers.set(name, initializerProto(name, 'float32', data, shape));
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

  private constant(type: ElementType, data: ArrayBufferView, shape: readonly number[]): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    // Small ones (axes, shapes, factors) recur all over a graph.
    const key = bytes.length <= 64 ? `${type}${shape.join(',')}:${bytes.join(',')}` : undefined;
    const known = key === undefined ? undefined : this.constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.counter++}`;
    this.initializers.set(name, initializerProto(name, type, data, shape));
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

  /** Number of nodes that an output depends on. */
  get size(): number {
    return this.liveNodes().length;
  }

  /** The graph without what no output depends on; its outputs bear their public names. */
  finish(): Graph {
    const live = this.liveNodes();
    // An output gets its public name where the value is computed; Identity only serves inputs and repeated outputs, and
    // in a graph that host operations cut, what they compute and what other nodes read: that lies in memory of its own.
    const isCut = live.some((node) => node.host);
    const read = new Set(isCut ? live.flatMap((node) => node.inputs) : []);
    const computed = new Set(live.flatMap((node) => (node.host ? [] : node.outputs)));
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
    return { nodes, inputs: this.inputs, outputs: this.outputs, initializers: this.initializers };
  }

  /** The graph as an ONNX model. */
  encode(): Uint8Array {
    return encodeModel(this.finish());
  }
}

const copy = { op: 'Identity', attributes: {}, scope: 'outputs', host: false } as const;

/**
 * A graph as an ONNX model, with the initializers that it uses.
 * @param sequence name of an additional first output: an empty sequence
 */
export function encodeModel({ nodes, inputs, outputs, initializers }: Graph, sequence?: string): Uint8Array {
  const empty =
    sequence === undefined ? [] : [{ ...copy, op: 'SequenceEmpty', inputs: [], outputs: [sequence] }];
  const used = new Set(nodes.flatMap((node) => node.inputs));
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(IR_VERSION),
    producerName: 'gnet',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    graph: {
      name: 'gnet',
      node: [...nodes, ...empty].map(
        (node, index): MessageInitShape<typeof NodeProtoSchema> => ({
          opType: node.op,
          name: `${node.scope}/${node.op}_${index}`,
          input: [...node.inputs],
          output: [...node.outputs],
          attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
        }),
      ),
      initializer: [...initializers.values()].filter(({ name }) => used.has(name!)),
      input: inputs.map(encodePort),
      output: [...(sequence === undefined ? [] : [sequencePort(sequence)]), ...outputs.map(encodePort)],
    },
  });
  return toBinary(ModelProtoSchema, model);
}

function initializerProto(
  name: string,
  type: ElementType,
  { buffer, byteOffset, byteLength }: ArrayBufferView,
  shape: readonly number[],
): MessageInitShape<typeof TensorProtoSchema> {
  // A copy: what it was made of may change.
  const rawData = new Uint8Array(buffer, byteOffset, byteLength).slice();
  return { name, dataType: dataTypes[type], dims: shape.map(BigInt), rawData };
}

function encodePort({ name, type, shape }: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => ({ value: { case: 'dimValue' as const, value: BigInt(size) } }));
  return {
    name,
    type: { value: { case: 'tensorType', value: { elemType: dataTypes[type], shape: { dim } } } },
  };
}

const sequencePort = (name: string): MessageInitShape<typeof ValueInfoProtoSchema> => {
  const element = { case: 'tensorType', value: { elemType: TensorProto_DataType.FLOAT } } as const;
  return { name, type: { value: { case: 'sequenceType', value: { elemType: { value: element } } } } };
};

function encodeAttribute(name: string, value: Attribute): MessageInitShape<typeof AttributeProtoSchema> {
  if (typeof value === 'string')
    return { name, type: AttributeProto_AttributeType.STRING, s: new TextEncoder().encode(value) };
  if (typeof value === 'number') return { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) };
  if ('float' in value) return { name, type: AttributeProto_AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}
