import { encodeModel, type Graph, type Node, type Port } from '../../tracing/graph.js';

/** A part of the graph that ONNX Runtime runs at once. */
export interface Segment {
  readonly kind: 'segment';
  /** Has NO_COPIES as its first output. */
  readonly model: Uint8Array;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * onnxruntime-node 1.30 writes each output into the tensor that it is given and then copies all of them into fresh memory
 * for the object that it returns: 0.4 ms a MiB, a sixth of the step of a large model. It stops at the first output that
 * JavaScript cannot have, such as this one, an empty sequence. (Later versions return outputs without copies.)
 */
export const NO_COPIES = 'no copies';

/** An operation of host_kernels.ts. */
export interface HostStep {
  readonly kind: 'host';
  readonly node: Node;
}

export type Step = Segment | HostStep;

/** A value that passes from one step to others, or an input of the graph that host operations read. */
export interface Crossing extends Port {
  /** Index of the step that computes it; 0 for an input. */
  readonly from: number;
  /** Index of the last step that reads it. */
  readonly to: number;
}

export interface Partition {
  readonly steps: readonly Step[];
  readonly crossings: readonly Crossing[];
  /** Names of those that are inputs of the graph. */
  readonly copied: readonly string[];
  /** What the graph gives its caller. */
  readonly outputs: readonly Port[];
}

/**
 * Cuts a graph at its host operations. Stage s holds the nodes that depend on s host operations one after the other; its
 * segment runs first, then its host operations.
 * @param port type and shape of a value
 */
export function partition(graph: Graph, port: (name: string) => Port | undefined): Partition {
  const stages = stageOf(graph);
  const last = Math.max(0, ...stages.values());
  const groups: Node[][] = [];
  for (let stage = 0; stage <= last; stage++) {
    const nodes = graph.nodes.filter((node) => stages.get(node) === stage);
    const segment = nodes.filter((node) => !node.host);
    if (segment.length > 0) groups.push(segment);
    for (const node of nodes) if (node.host) groups.push([node]);
  }
  const copied = copiedInputs(groups, graph.inputs);
  const passed = crossingsOf(groups, port);
  const crossings = [...copied, ...passed];
  const crossing = new Map(crossings.map((each) => [each.name, each]));
  const steps = groups.map((nodes): Step => {
    if (nodes[0]!.host) {
      const unreachable = nodes[0]!.inputs.find((name) => !crossing.has(name));
      if (unreachable !== undefined)
        throw new Error(
          `host operation ${nodes[0]!.op} reads ${unreachable}, which is neither an input nor computed`,
        );
      return { kind: 'host', node: nodes[0]! };
    }
    const read = new Set(nodes.flatMap((node) => node.inputs));
    const computed = new Set(nodes.flatMap((node) => node.outputs));
    const inputs = [...graph.inputs, ...passed].filter(({ name }) => read.has(name) && !computed.has(name));
    const outputs = [
      ...graph.outputs.filter(({ name }) => computed.has(name)),
      ...[...computed].flatMap((name) => crossing.get(name) ?? []),
    ];
    return {
      kind: 'segment',
      model: encodeModel({ nodes, inputs, outputs, initializers: graph.initializers }, NO_COPIES),
      inputs: inputs.map(({ name }) => name),
      outputs: outputs.map(({ name }) => name),
    };
  });
  return { steps, crossings, copied: copied.map(({ name }) => name), outputs: graph.outputs };
}

/**
 * The stage of each node: as early as its inputs allow; what is computed for later stages only, as late as they allow,
 * so that a mask made of a feature map, say, does not wait in memory beside it.
 */
function stageOf(graph: Graph): Map<Node, number> {
  const stages = new Map<Node, number>();
  const producer = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  for (const node of graph.nodes) {
    const after = node.inputs.flatMap((name) => {
      const source = producer.get(name);
      return source ? [stages.get(source)! + (source.host && !node.host ? 1 : 0)] : [];
    });
    stages.set(node, Math.max(0, ...after));
  }
  const publicNames = new Set(graph.outputs.map(({ name }) => name));
  const readers = new Map<string, number>();
  for (const node of graph.nodes.toReversed()) {
    const needed = Math.min(...node.outputs.map((name) => readers.get(name) ?? Number.POSITIVE_INFINITY));
    if (!node.host && !node.outputs.some((name) => publicNames.has(name))) stages.set(node, needed);
    const stage = stages.get(node)!;
    for (const name of node.inputs) readers.set(name, Math.min(stage, readers.get(name) ?? stage));
  }
  return stages;
}

/** Inputs of the graph that host operations read: they lie in memory from the beginning. */
function copiedInputs(groups: readonly (readonly Node[])[], inputs: readonly Port[]): Crossing[] {
  return inputs.flatMap((input) => {
    const to = groups.findLastIndex(([node]) => node!.host && node!.inputs.includes(input.name));
    return to === -1 ? [] : [{ ...input, from: 0, to }];
  });
}

function crossingsOf(
  groups: readonly (readonly Node[])[],
  port: (name: string) => Port | undefined,
): Crossing[] {
  const from = new Map(
    groups.flatMap((nodes, index) =>
      nodes.flatMap((node) => node.outputs.map((name) => [name, index] as const)),
    ),
  );
  const to = new Map<string, number>();
  for (const [index, nodes] of groups.entries())
    for (const node of nodes)
      for (const name of node.inputs) if (from.has(name) && from.get(name) !== index) to.set(name, index);
  return [...to].map(([name, index]) => {
    const known = port(name);
    if (!known)
      throw new Error(`value ${name} passes between parts of the graph, and its shape is not known`);
    return { ...known, from: from.get(name)!, to: index };
  });
}
