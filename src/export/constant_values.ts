import * as tf from '@tensorflow/tfjs';
import { loadCpu } from '../engines/eager/cpu.js';
import type { Graph, Node } from '../tracing/graph.js';
import type { View } from '../tracing/view.js';

/** Operators of ONNX that make one float32 tensor, and mean what TensorFlow.js means by them. */
const operators: Readonly<Record<string, (inputs: readonly tf.Tensor[], node: Node) => tf.Tensor>> = {
  Add: ([a, b]) => tf.add(a!, b!),
  Sub: ([a, b]) => tf.sub(a!, b!),
  Mul: ([a, b]) => tf.mul(a!, b!),
  Div: ([a, b]) => tf.div(a!, b!),
  Sqrt: ([x]) => tf.sqrt(x!),
  Floor: ([x]) => tf.floor(x!),
  Reshape: ([x, shape]) => tf.reshape(x!, [...shape!.dataSync()]),
  Transpose: ([x], { attributes }) => tf.transpose(x!, [...(attributes.perm as number[])]),
};

/**
 * Computes once, in plain JavaScript, what depends on constants alone: matrices that resize, factors of batch norms. The
 * results take the place of the nodes, under the names of their values; a parameter of another shape keeps its own.
 */
export async function computeConstants(graph: Graph): Promise<Graph> {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const known = new Set(graph.initializers.keys());
  const constant = graph.nodes.filter(({ op, inputs, outputs: [value] }) => {
    const isConstant = op in operators && inputs.every((name) => known.has(name)) && !outputs.has(value!);
    if (isConstant) known.add(value!);
    return isConstant;
  });
  const gone = new Set(constant);
  const left = graph.nodes.filter((node) => !gone.has(node));
  const readBefore = graph.nodes.flatMap(({ inputs }) => inputs);
  const renamed = new Map<string, string>();
  for (const { op, inputs, outputs } of constant) {
    const isOnlyReader = readBefore.filter((name) => name === inputs[0]).length === 1;
    if (op === 'Reshape' && graph.initializers.has(inputs[0]!) && isOnlyReader)
      renamed.set(outputs[0]!, inputs[0]!);
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  const nodes = left.map((node) => ({ ...node, inputs: node.inputs.map(rename) }));
  const wanted = new Set(left.flatMap(({ inputs }) => inputs));
  const computed = [...(await compute(graph, constant, wanted))].map(
    ([name, view]) => [rename(name), view] as const,
  );
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const initializers = new Map([...graph.initializers, ...computed].filter(([name]) => read.has(name)));
  return { ...graph, nodes, initializers };
}

/** @returns what is `wanted` of the values of `nodes` */
async function compute(
  { initializers }: Graph,
  nodes: readonly Node[],
  wanted: ReadonlySet<string>,
): Promise<Map<string, View>> {
  const before = tf.getBackend();
  await loadCpu();
  const results = new Map<string, View>();
  tf.tidy(() => {
    const tensors = new Map<string, tf.Tensor>();
    const tensor = (name: string) => tensors.get(name) ?? tensorOf(initializers.get(name)!);
    for (const node of nodes) {
      const value = operators[node.op]!(node.inputs.map(tensor), node);
      const name = node.outputs[0]!;
      tensors.set(name, value);
      if (!wanted.has(name)) continue;
      const data = value.dataSync<'float32'>().slice();
      results.set(name, { type: 'float32', shape: value.shape, data });
    }
  });
  if (before) await tf.setBackend(before);
  return results;
}

function tensorOf({ type, shape, data }: View): tf.Tensor {
  if (type === 'int64') return tf.tensor(Int32Array.from(data as BigInt64Array, Number), [...shape], 'int32');
  return tf.tensor(data as Float32Array, [...shape]);
}
