import type { Graph, Node, Port } from '../../tracing/graph.js';

/** What is known of every value of a graph that has a name. */
export type Ports = ReadonlyMap<string, Port>;

export function portsOf(graph: Graph): Ports {
  const constants = [...graph.initializers].map(([name, { type, shape }]): Port => ({ name, type, shape }));
  return new Map(
    [...graph.values.values(), ...constants, ...graph.inputs, ...graph.outputs].map((port) => [
      port.name,
      port,
    ]),
  );
}

/**
 * The graph as oneDNN runs it: its primitives are custom nodes, operators of ONNX are what it leaves to ONNX Runtime. A ReLU goes
 * into the operation before it, the sum of a convolution's gradients over all but the channels into the filter's gradient.
 */
export function lower(graph: Graph): Graph {
  const ports = portsOf(graph);
  return { ...graph, nodes: withPrimitives(withRelus(withBiasGradients(graph), ports), ports) };
}

/** Whether a ReLU changes the operation's result in passing. */
function takesRelu(node: Node, ports: Ports): boolean {
  return node.op === 'Convolution' || (node.op === 'Add' && haveOneShape(node, ports));
}

function withRelus({ nodes, outputs }: Graph, ports: Ports): Node[] {
  const readers = readersOf(nodes);
  const publicNames = new Set(outputs.map(({ name }) => name));
  const producers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const merged = new Map<Node, Node>();
  for (const relu of nodes) {
    const source = relu.op === 'Relu' ? producers.get(relu.inputs[0]!) : undefined;
    if (!source || !takesRelu(source, ports)) continue;
    if (readers.get(source.outputs[0]!)!.length > 1 || publicNames.has(source.outputs[0]!)) continue;
    merged.set(source, { ...source, outputs: relu.outputs, attributes: { ...source.attributes, relu: 1 } });
    merged.set(relu, DROPPED);
  }
  return nodes.map((node) => merged.get(node) ?? node).filter((node) => node !== DROPPED);
}

const DROPPED: Node = { op: '', inputs: [], outputs: [], attributes: {}, scope: '', custom: false };

/** A filter's gradient gives that of the bias as its second output. */
function withBiasGradients(graph: Graph): Graph {
  const { nodes } = graph;
  const sums = new Map(
    nodes.filter((node) => isChannelSum(node, graph)).map((node) => [node.inputs[0]!, node] as const),
  );
  const merged = new Map<Node, Node>();
  for (const node of nodes) {
    const sum = node.op === 'ConvolutionFilterGradient' ? sums.get(node.inputs[1]!) : undefined;
    if (!sum || merged.has(sum)) continue;
    const both = { ...node, outputs: [node.outputs[0]!, sum.outputs[0]!] };
    // Where the later one stands, as long as nobody between reads what the earlier one gives.
    const [first, last] = [node, sum].toSorted((a, b) => nodes.indexOf(a) - nodes.indexOf(b)) as [Node, Node];
    const between = nodes.slice(nodes.indexOf(first) + 1, nodes.indexOf(last));
    if (between.some(({ inputs }) => inputs.includes(first.outputs[0]!))) continue;
    merged.set(first, DROPPED);
    merged.set(last, both);
  }
  return {
    ...graph,
    nodes: nodes.map((node) => merged.get(node) ?? node).filter((node) => node !== DROPPED),
  };
}

function isChannelSum({ op, inputs, attributes }: Node, { initializers }: Graph): boolean {
  if (op !== 'ReduceSum' || attributes.keepdims !== 0) return false;
  const axes = initializers.get(inputs[1]!)?.data;
  return axes !== undefined && Array.from(axes as BigInt64Array, Number).join() === '0,2,3';
}

/** Whether oneDNN computes an operator of ONNX, by the operator. */
const TAKEN: Readonly<Record<string, (node: Node, ports: Ports) => boolean>> = {
  Relu: (node, ports) => haveRank4([...node.inputs, ...node.outputs], ports),
  MaxPool: (node) => node.outputs.length === 1,
  AveragePool: () => true,
  Concat: (node, ports) => haveRank4([...node.inputs, ...node.outputs], ports),
  Split: (node, ports) => areFloats([node.inputs[0]!, ...node.outputs], ports),
  Add: haveOneShape,
  Sum: haveOneShape,
};

function withPrimitives(nodes: readonly Node[], ports: Ports): Node[] {
  const computed = new Set<string>();
  return nodes.map((node) => {
    // What copies the result of a primitive puts it into place.
    const isCopy = node.op === 'Identity' && computed.has(node.inputs[0]!) && areFloats(node.inputs, ports);
    const custom = node.custom || isCopy || (TAKEN[node.op]?.(node, ports) ?? false);
    if (custom && node.op !== 'ResizeAndNormalize') for (const name of node.outputs) computed.add(name);
    return { ...node, custom };
  });
}

function areFloats(names: readonly string[], ports: Ports): boolean {
  return names.every((name) => ports.get(name)?.type === 'float32' && ports.get(name)!.shape.length > 0);
}

function haveRank4(names: readonly string[], ports: Ports): boolean {
  return areFloats(names, ports) && names.every((name) => ports.get(name)!.shape.length === 4);
}

function haveOneShape(node: Node, ports: Ports): boolean {
  const names = [...node.inputs, ...node.outputs];
  const shapes = new Set(names.map((name) => ports.get(name)?.shape.join()));
  return haveRank4(names, ports) && shapes.size === 1;
}

function readersOf(nodes: readonly Node[]): Map<string, Node[]> {
  const readers = new Map<string, Node[]>();
  for (const node of nodes)
    for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);
  return readers;
}
