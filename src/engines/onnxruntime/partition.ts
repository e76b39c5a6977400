import type { Graph, Node, Port } from '../../tracing/graph.js';

/** A part of the graph that ONNX Runtime runs at once. */
export interface Segment {
  readonly kind: 'segment';
  readonly graph: Graph;
}

/** An operation of custom_kernels.ts. */
export interface CustomStep {
  readonly kind: 'custom';
  readonly node: Node;
}

export type Step = Segment | CustomStep;

/** A value that passes from one step to others, or an input of the graph that custom operations read. */
export interface Intermediate extends Port {
  /** Index of the step that computes it; 0 for an input. */
  readonly from: number;
  /** Index of the last step that reads it. */
  readonly to: number;
}

export interface Partition {
  readonly steps: readonly Step[];
  readonly intermediates: readonly Intermediate[];
  /** Names of those that are inputs of the graph. */
  readonly copied: readonly string[];
  /** What the graph gives its caller. */
  readonly outputs: readonly Port[];
}

/** Cuts a graph at its custom operations. */
export function partition(graph: Graph): Partition {
  const groups = groupNodes(graph);
  const copied = copiedInputs(groups, graph.inputs);
  const passed = intermediatesOf(groups, graph.values);
  const intermediates = [...copied, ...passed];
  const intermediate = new Map(intermediates.map((each) => [each.name, each]));
  const steps = groups.map((nodes): Step => {
    if (nodes[0]!.custom) {
      const unreachable = nodes[0]!.inputs.find((name) => !intermediate.has(name));
      if (unreachable !== undefined)
        throw new Error(
          `custom operation ${nodes[0]!.op} reads ${unreachable}, which is neither an input nor computed`,
        );
      return { kind: 'custom', node: nodes[0]! };
    }
    const read = new Set(nodes.flatMap((node) => node.inputs));
    const computed = new Set(nodes.flatMap((node) => node.outputs));
    const inputs = [...graph.inputs, ...passed].filter(({ name }) => read.has(name) && !computed.has(name));
    const outputs = [
      ...graph.outputs.filter(({ name }) => computed.has(name)),
      ...[...computed].flatMap((name) => intermediate.get(name) ?? []),
    ];
    const initializers = new Map([...graph.initializers].filter(([name]) => read.has(name)));
    return { kind: 'segment', graph: { nodes, inputs, outputs, initializers, values: graph.values } };
  });
  return { steps, intermediates, copied: copied.map(({ name }) => name), outputs: graph.outputs };
}

/**
 * Groups of nodes in an order in which they can run: several operators, or one custom operation. Stage s holds the nodes that
 * depend on s custom operations one after the other; its operators run first, then its custom operations.
 */
export function groupNodes(graph: Graph): Node[][] {
  const stages = stageOf(graph);
  const last = Math.max(0, ...stages.values());
  const groups: Node[][] = [];
  for (let stage = 0; stage <= last; stage++) {
    const nodes = graph.nodes.filter((node) => stages.get(node) === stage);
    const operators = nodes.filter((node) => !node.custom);
    if (operators.length > 0) groups.push(operators);
    for (const node of nodes) if (node.custom) groups.push([node]);
  }
  return groups;
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
      return source ? [stages.get(source)! + (source.custom && !node.custom ? 1 : 0)] : [];
    });
    stages.set(node, Math.max(0, ...after));
  }
  const publicNames = new Set(graph.outputs.map(({ name }) => name));
  const readers = new Map<string, number>();
  for (const node of graph.nodes.toReversed()) {
    const needed = Math.min(...node.outputs.map((name) => readers.get(name) ?? Number.POSITIVE_INFINITY));
    if (!node.custom && !node.outputs.some((name) => publicNames.has(name))) stages.set(node, needed);
    const stage = stages.get(node)!;
    for (const name of node.inputs) readers.set(name, Math.min(stage, readers.get(name) ?? stage));
  }
  return stages;
}

/** Inputs of the graph that custom operations read: they lie in memory from the beginning. */
function copiedInputs(groups: readonly (readonly Node[])[], inputs: readonly Port[]): Intermediate[] {
  return inputs.flatMap((input) => {
    const to = groups.findLastIndex(([node]) => node!.custom && node!.inputs.includes(input.name));
    return to === -1 ? [] : [{ ...input, from: 0, to }];
  });
}

function intermediatesOf(groups: readonly (readonly Node[])[], values: Graph['values']): Intermediate[] {
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
    const known = values.get(name);
    if (!known)
      throw new Error(`value ${name} passes between parts of the graph, and its shape is not known`);
    return { ...known, from: from.get(name)!, to: index };
  });
}
