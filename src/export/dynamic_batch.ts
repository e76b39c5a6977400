import { create } from '@bufbuild/protobuf';
import {
  type GraphProto,
  type NodeProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from '../engines/onnxruntime/onnx_pb.js';

/**
 * A batch size to trace with where the graph is to take any. A trace knows numbers only; this one is a prime beyond
 * every other size in a network, so that the numbers which come of the batch size are those that it divides.
 */
export const ANY_BATCH = 1_000_003;

/**
 * Makes a graph that was traced with ANY_BATCH take batches of every size: the first dimension of its ports becomes
 * `batch`, and a reshape infers the dimension that depends on it.
 * @throws Error that names the node whose constants fix the batch size in another way
 */
export function makeBatchDynamic(graph: GraphProto): void {
  for (const { type } of [...graph.input, ...graph.output]) {
    if (type?.value.case !== 'tensorType') continue;
    for (const dim of type.value.value.shape?.dim ?? []) {
      if (dim.value.case === 'dimValue' && dependsOnBatch(dim.value.value)) {
        dim.value = { case: 'dimParam', value: 'batch' };
      }
    }
  }
  const constants = new Map(
    graph.initializer
      .filter(({ dataType }) => dataType === TensorProto_DataType.INT64)
      .map(({ name, rawData }) => [name, [...new BigInt64Array(rawData.slice().buffer)]]),
  );
  for (const node of graph.node) {
    for (const [index, name] of node.input.entries()) {
      const values = constants.get(name);
      if (values?.some(dependsOnBatch)) node.input[index] = inferredShape(graph, node, index, name, values);
    }
  }
  const used = new Set(graph.node.flatMap(({ input }) => input));
  graph.initializer = graph.initializer.filter(({ name }) => used.has(name));
}

/** The name of the shape with −1, which ONNX infers, in place of what depends on the batch size. */
function inferredShape(
  graph: GraphProto,
  node: NodeProto,
  index: number,
  name: string,
  values: readonly bigint[],
): string {
  if (node.opType !== 'Reshape' || index !== 1 || values.filter(dependsOnBatch).length !== 1) {
    throw new Error(`node ${node.name}: its constants [${values}] fix the batch size`);
  }
  const dynamic = `${name}_dynamic`;
  if (!graph.initializer.some((initializer) => initializer.name === dynamic)) {
    const shape = BigInt64Array.from(values, (value) => (dependsOnBatch(value) ? -1n : value));
    graph.initializer.push(
      create(TensorProtoSchema, {
        name: dynamic,
        dataType: TensorProto_DataType.INT64,
        dims: [BigInt(shape.length)],
        rawData: new Uint8Array(shape.buffer),
      }),
    );
  }
  return dynamic;
}

function dependsOnBatch(value: bigint): boolean {
  return value !== 0n && value % BigInt(ANY_BATCH) === 0n;
}
