import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type Attribute, type Graph, type Node, nodeName, type Port } from '../../tracing/graph.js';
import type { ElementType, View } from '../../tracing/view.js';
import {
  AttributeProto_AttributeType,
  type AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataType,
  type TensorProtoSchema,
  type ValueInfoProtoSchema,
} from './onnx_pb.js';

const dataTypes: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** opset 18: reductions take their axes as an input, ScatterElements and Resize have their present form. */
const OPSET = 18;
/** The first IR version that goes with opset 18. */
const IR_VERSION = 8;

/**
 * A graph of ONNX operators as the bytes of an ONNX model.
 * @param sequence name of an additional first output: an empty sequence
 */
export function encodeModel(graph: Graph, sequence?: string): Uint8Array {
  return toBinary(ModelProtoSchema, modelOf(graph, sequence));
}

/** `encodeModel`, before it becomes bytes. */
export function modelOf({ nodes, inputs, outputs, initializers }: Graph, sequence?: string): ModelProto {
  const empty: Node[] =
    sequence === undefined
      ? []
      : [
          {
            op: 'SequenceEmpty',
            inputs: [],
            outputs: [sequence],
            attributes: {},
            scope: 'outputs',
            custom: false,
          },
        ];
  return create(ModelProtoSchema, {
    irVersion: BigInt(IR_VERSION),
    producerName: 'gnet',
    opsetImport: [{ domain: '', version: BigInt(OPSET) }],
    graph: {
      name: 'gnet',
      node: [...nodes, ...empty].map(encodeNode),
      initializer: [...initializers].map(([name, view]) => encodeInitializer(name, view)),
      input: inputs.map(encodePort),
      output: [...(sequence === undefined ? [] : [sequencePort(sequence)]), ...outputs.map(encodePort)],
    },
  });
}

function encodeNode(node: Node, index: number): MessageInitShape<typeof NodeProtoSchema> {
  return {
    opType: node.op,
    name: nodeName(node, index),
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  };
}

function encodeInitializer(
  name: string,
  { type, shape, data: { buffer, byteOffset, byteLength } }: View,
): MessageInitShape<typeof TensorProtoSchema> {
  const rawData = new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
  return { name, dataType: dataTypes[type], dims: shape.map(BigInt), rawData };
}

const ANY_BATCH = { case: 'dimParam', value: 'batch' } as const;

function encodePort({ name, type, shape }: Port): MessageInitShape<typeof ValueInfoProtoSchema> {
  const dim = shape.map((size) => ({
    value: size === -1 ? ANY_BATCH : { case: 'dimValue' as const, value: BigInt(size) },
  }));
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
  if ('type' in value)
    return { name, type: AttributeProto_AttributeType.INT, i: BigInt(dataTypes[value.type]) };
  return { name, type: AttributeProto_AttributeType.INTS, ints: value.map(BigInt) };
}
