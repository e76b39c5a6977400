import { type Attribute, type Graph, nodeName, type Port } from '../tracing/graph.js';
import type { ElementType, View } from '../tracing/view.js';

/** TensorFlow's AttrValue as JSON: what graph models use of it. Integers of 64 bits are texts. */
type AttrValue =
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly s: string }
  | { readonly type: DataType }
  | { readonly shape: TensorShape }
  | { readonly list: { readonly i: readonly string[] } };

type DataType = 'DT_FLOAT' | 'DT_INT32' | 'DT_BOOL';

/** TensorFlow.js has one type of integers. */
const dataTypes: Readonly<Record<ElementType, DataType>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  int64: 'DT_INT32',
  uint8: 'DT_INT32',
  bool: 'DT_BOOL',
};

interface TensorShape {
  readonly dim: readonly { readonly size: string }[];
}

/** TensorFlow's NodeDef. An input is the name of a node, with `:k` for its output k where that is not 0. */
export interface NodeDef {
  readonly name: string;
  readonly op: string;
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, AttrValue>>;
}

/** The value of a node of type Const. */
export interface Weight {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
  readonly values: Float32Array | Int32Array;
}

interface TensorInfo {
  readonly name: string;
  readonly dtype: DataType;
  readonly tensorShape: TensorShape;
}

/** A graph in the terms of TensorFlow.js' graph models. */
export interface GraphModel {
  /** In topological order. */
  readonly nodes: readonly NodeDef[];
  readonly weights: ReadonlyMap<string, Weight>;
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly outputs: Readonly<Record<string, TensorInfo>>;
}

/** A graph whose nodes are TensorFlow operations (see tensorflow_ops.ts) as a graph model. */
export function toGraphModel(graph: Graph): GraphModel {
  const ports = (infos: readonly Port[]) =>
    Object.fromEntries(infos.map((port) => [port.name, tensorInfo(port)]));
  const [inputs, outputs] = [ports(graph.inputs), ports(graph.outputs)];
  const weights = new Map([...graph.initializers].map(([name, view]) => [name, weight(view)]));
  const references = new Map<string, string>();
  const operations = graph.nodes.flatMap((node, index): NodeDef[] => {
    const [first, ...others] = node.outputs;
    // The node of an output of the model has the output's name; further outputs of a node have none of their own.
    const name = first! in outputs ? first! : nodeName(node, index);
    references.set(first!, name);
    for (const [other, value] of others.entries()) references.set(value, `${name}:${other + 1}`);
    const copies = others.filter((value) => value in outputs);
    const input = node.inputs.map((value) => references.get(value) ?? value);
    return [
      { name, op: node.op, input, attr: attributes(node.attributes) },
      ...copies.map((value) => ({ name: value, op: 'Identity', input: [references.get(value)!], attr: {} })),
    ];
  });
  const placeholders = Object.entries(inputs).map(
    ([name, { dtype, tensorShape }]): NodeDef => ({
      name,
      op: 'Placeholder',
      input: [],
      attr: { dtype: { type: dtype }, shape: { shape: tensorShape } },
    }),
  );
  const constants = [...weights].map(([name, { dtype }]) => constantNode(name, dtype));
  return { nodes: [...placeholders, ...constants, ...operations], weights, inputs, outputs };
}

/** The node of a weight; its value is in a file of weights. */
export function constantNode(name: string, dtype: Weight['dtype']): NodeDef {
  return { name, op: 'Const', input: [], attr: { dtype: { type: dataTypes[dtype] } } };
}

function weight({ type, shape, data }: View): Weight {
  if (type === 'float32') return { shape, dtype: 'float32', values: data as Float32Array };
  const values = type === 'int64' ? Int32Array.from(data as BigInt64Array, Number) : (data as Int32Array);
  return { shape, dtype: 'int32', values };
}

function tensorInfo({ name, type, shape }: Port): TensorInfo {
  return {
    name: `${name}:0`,
    dtype: dataTypes[type],
    tensorShape: { dim: shape.map((size) => ({ size: String(size) })) },
  };
}

/** Attributes of a graph have no booleans; TensorFlow's names tell. */
const BOOLEANS = new Set(['adj_x', 'adj_y', 'keep_dims', 'transpose_a', 'transpose_b']);

function attributes(given: Readonly<Record<string, Attribute>>): NodeDef['attr'] {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, attribute(name, value)]));
}

function attribute(name: string, value: Attribute): AttrValue {
  if (typeof value === 'number') return BOOLEANS.has(name) ? { b: value !== 0 } : { i: String(value) };
  if (typeof value === 'string') return { s: Buffer.from(value).toString('base64') };
  if ('float' in value) throw new Error(`attribute ${name}: graph models have no floats here`);
  if ('type' in value) return { type: dataTypes[value.type] };
  return { list: { i: value.map(String) } };
}
