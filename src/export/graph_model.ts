import {
  type AttributeProto,
  type GraphProto,
  AttributeProto_AttributeType as Kind,
  type TensorProto,
  TensorProto_DataType,
  type ValueInfoProto,
} from '../engines/onnxruntime/onnx_pb.js';

/** TensorFlow's AttrValue as JSON: what graph models use of it. Integers of 64 bits are texts. */
type AttrValue =
  | { readonly b: boolean }
  | { readonly i: string }
  | { readonly s: string }
  | { readonly type: DataType }
  | { readonly shape: TensorShape }
  | { readonly list: { readonly i: readonly string[] } };

type DataType = 'DT_FLOAT' | 'DT_INT32' | 'DT_BOOL';

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

/** Reads a graph whose nodes are TensorFlow operations (see tensorflow_ops.ts) as a graph model. */
export function toGraphModel(graph: GraphProto): GraphModel {
  const ports = (infos: readonly ValueInfoProto[]) =>
    Object.fromEntries(infos.map((info) => [info.name, tensorInfo(info)]));
  const [inputs, outputs] = [ports(graph.input), ports(graph.output)];
  const weights = new Map(graph.initializer.map((tensor) => [tensor.name, weight(tensor)]));
  const references = new Map<string, string>();
  const operations = graph.node.flatMap((node): NodeDef[] => {
    const [first, ...others] = node.output;
    // The node of an output of the model has the output's name; further outputs of a node have none of their own.
    const name = first! in outputs ? first! : node.name;
    references.set(first!, name);
    for (const [index, value] of others.entries()) references.set(value, `${name}:${index + 1}`);
    const copies = others.filter((value) => value in outputs);
    const input = node.input.map((value) => references.get(value) ?? value);
    return [
      { name, op: node.opType, input, attr: attributes(node.attribute) },
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
  const type = dtype === 'float32' ? 'DT_FLOAT' : 'DT_INT32';
  return { name, op: 'Const', input: [], attr: { dtype: { type } } };
}

function weight({ dims, dataType, rawData }: TensorProto): Weight {
  const shape = dims.map(Number);
  const { buffer } = rawData.slice();
  if (dataType === TensorProto_DataType.FLOAT)
    return { shape, dtype: 'float32', values: new Float32Array(buffer) };
  // TensorFlow.js has no 64-bit integers.
  const values =
    dataType === TensorProto_DataType.INT64
      ? Int32Array.from(new BigInt64Array(buffer), Number)
      : new Int32Array(buffer);
  return { shape, dtype: 'int32', values };
}

function tensorInfo({ name, type }: ValueInfoProto): TensorInfo {
  if (type?.value.case !== 'tensorType') throw new Error(`${name}: expected a tensor`);
  const { elemType, shape } = type.value.value;
  const sizes = shape!.dim.map(({ value }) => (value.case === 'dimValue' ? value.value : -1));
  return {
    name: `${name}:0`,
    dtype: elemType === TensorProto_DataType.FLOAT ? 'DT_FLOAT' : 'DT_INT32',
    tensorShape: { dim: sizes.map((size) => ({ size: String(size) })) },
  };
}

/** ONNX attributes have no booleans and no types; TensorFlow's names tell. */
const BOOLEANS = new Set(['adj_x', 'adj_y', 'keep_dims', 'transpose_a', 'transpose_b']);

function attributes(protos: readonly AttributeProto[]): NodeDef['attr'] {
  return Object.fromEntries(
    protos.map(({ name, type, i, ints, s }): [string, AttrValue] => {
      if (type === Kind.INTS) return [name, { list: { i: ints.map(String) } }];
      if (type === Kind.INT) return [name, BOOLEANS.has(name) ? { b: i !== 0n } : { i: String(i) }];
      const text = new TextDecoder().decode(s);
      if (name === 'DstT') return [name, { type: text as DataType }];
      return [name, { s: Buffer.from(text).toString('base64') }];
    }),
  );
}
