import { type Graph, type Node, nodeName, type Port } from '../tracing/graph.js';
import type { View } from '../tracing/view.js';

/**
 * A batch size to trace with where the graph is to take any. A trace knows numbers only; this one is a prime beyond
 * every other size in a network, so that the numbers which come of the batch size are those that it divides.
 */
export const ANY_BATCH = 1_000_003;

/**
 * A graph that was traced with ANY_BATCH, for batches of every size: that dimension of its ports becomes −1, and a reshape
 * infers the dimension that depends on it.
 * @throws Error that names the node whose constants fix the batch size in another way
 */
export function withDynamicBatch(graph: Graph): Graph {
  const inferred = new Map<string, View>();
  const nodes = graph.nodes.map((node, index) => {
    const inputs = node.inputs.map((name, position) => {
      const constant = graph.initializers.get(name);
      if (constant?.type !== 'int64') return name;
      const values = [...(constant.data as BigInt64Array)];
      if (!values.some(dependsOnBatch)) return name;
      if (node.op !== 'Reshape' || position !== 1 || values.filter(dependsOnBatch).length !== 1)
        throw new Error(`node ${nodeName(node, index)}: its constants [${values}] fix the batch size`);
      const dynamic = `${name}_dynamic`;
      const data = BigInt64Array.from(values, (value) => (dependsOnBatch(value) ? -1n : value));
      inferred.set(dynamic, { ...constant, data });
      return dynamic;
    });
    return { ...node, inputs } satisfies Node;
  });
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const initializers = new Map([...graph.initializers, ...inferred].filter(([name]) => used.has(name)));
  const dynamic = (port: Port): Port => ({
    ...port,
    shape: port.shape.map((size) => (dependsOnBatch(BigInt(size)) ? -1 : size)),
  });
  const [inputs, outputs] = [graph.inputs.map(dynamic), graph.outputs.map(dynamic)];
  return { ...graph, nodes, initializers, inputs, outputs };
}

function dependsOnBatch(value: bigint): boolean {
  return value !== 0n && value % BigInt(ANY_BATCH) === 0n;
}
