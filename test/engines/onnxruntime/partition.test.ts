import { describe, expect, it } from 'vitest';
import { type Partition, partition, type Step } from '../../../src/engines/onnxruntime/partition.js';
import { GraphBuilder } from '../../../src/tracing/graph.js';

/** A builder whose nodes' outputs all have the shape [2]. */
class Builder extends GraphBuilder {
  constructor() {
    super();
    this.input('x', 'float32', [2]);
  }

  override node(...[op, inputs, attributes]: Parameters<GraphBuilder['node']>): string {
    return this.known(super.node(op, inputs, attributes));
  }

  custom(...inputs: string[]): string {
    return this.known(this.customNode('Custom', inputs, {}));
  }

  result(name: string, source: string): void {
    this.output(name, source, 'float32', [2]);
  }

  partition(): Partition {
    return partition(this.finish());
  }

  private known(name: string): string {
    this.declare(name, 'float32', [2]);
    return name;
  }
}

/** Operations of each step; a custom operation stands alone. */
const opsOf = ({ steps }: Partition) =>
  steps.map((step) =>
    step.kind === 'custom'
      ? 'custom'
      : graphOf(step)
          .nodes.map(({ op }) => op)
          .join(' '),
  );

function graphOf(step: Step) {
  if (step.kind === 'custom') throw new Error('a custom operation has no graph');
  return step.graph;
}

const portsOf = (step: Step) =>
  step.kind === 'custom'
    ? { inputs: step.node.inputs, outputs: step.node.outputs }
    : { inputs: names(step.graph.inputs), outputs: names(step.graph.outputs) };

const names = (ports: readonly { readonly name: string }[]) => ports.map(({ name }) => name);

describe('partition', () => {
  it('a graph without custom operations is one segment', () => {
    const graph = new Builder();
    graph.input('unused', 'float32', [2]);
    const a = graph.node('Neg', ['x']);
    graph.result('y', graph.node('Add', [a, graph.floats([1, 2], [2])]));
    graph.result('z', a);
    const parts = graph.partition();
    const whole = graph.finish();
    expect(parts.intermediates).toEqual([]);
    expect(parts.copied).toEqual([]);
    expect(names(parts.outputs)).toEqual(['y', 'z']);
    expect(opsOf(parts)).toEqual(['Neg Add']);
    const [segment] = parts.steps;
    expect(portsOf(segment!)).toEqual({ inputs: ['x'], outputs: ['y', 'z'] });
    const { nodes, initializers } = graphOf(segment!);
    expect(nodes).toEqual(whole.nodes);
    expect(initializers).toEqual(whole.initializers);
  });

  it('a chain of custom operations alternates with segments, each with what it reads and yields', () => {
    const graph = new Builder();
    graph.input('later', 'float32', [2]);
    const a = graph.node('Neg', ['x']);
    const first = graph.custom(a);
    const b = graph.node('Add', [first, 'later']);
    const second = graph.custom(b, a);
    graph.result('y', graph.node('Add', [second, graph.floats([1, 2], [2])]));
    const parts = graph.partition();
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['x'], outputs: [a] },
      { inputs: [a], outputs: [first] },
      { inputs: ['later', first], outputs: [b] },
      { inputs: [b, a], outputs: [second] },
      { inputs: [second], outputs: ['y'] },
    ]);
    const port = { type: 'float32', shape: [2] };
    expect(parts.intermediates).toEqual([
      { name: a, ...port, from: 0, to: 3 },
      { name: first, ...port, from: 1, to: 2 },
      { name: b, ...port, from: 2, to: 3 },
      { name: second, ...port, from: 3, to: 4 },
    ]);
    for (const index of [0, 2, 4])
      expect(graphOf(parts.steps[index]!).initializers.size).toBe(index === 4 ? 1 : 0);
  });

  it('a custom operation that reads another one follows it, without a segment between the two', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const first = graph.custom(a);
    const second = graph.custom(first, a);
    graph.result('y', graph.node('Abs', [second]));
    const parts = graph.partition();
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['x'], outputs: [a] },
      { inputs: [a], outputs: [first] },
      { inputs: [first, a], outputs: [second] },
      { inputs: [second], outputs: ['y'] },
    ]);
  });

  it('independent custom operations share the segments around them', () => {
    const graph = new Builder();
    const [a, b] = [graph.node('Neg', ['x']), graph.node('Abs', ['x'])];
    const [first, second] = [graph.custom(a), graph.custom(b)];
    graph.result('y', graph.node('Add', [first, second]));
    expect(opsOf(graph.partition())).toEqual(['Neg Abs', 'custom', 'custom', 'Add']);
  });

  it('what only a later segment reads is computed there, however much it takes', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const mask = graph.node('Sqrt', [graph.node('Abs', [a])]);
    const result = graph.custom(a);
    graph.result('y', graph.node('Mul', [result, mask]));
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg', 'custom', 'Abs Sqrt Mul']);
    expect(names(parts.intermediates)).toEqual([a, result]);
    expect(parts.intermediates[0]).toMatchObject({ from: 0, to: 2 });
  });

  it('what an earlier segment reads too is computed there, and so are outputs', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const shared = graph.node('Abs', [a]);
    const result = graph.custom(graph.node('Add', [a, shared]));
    graph.result('early', graph.node('Sqrt', [a]));
    graph.result('y', graph.node('Mul', [result, shared]));
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg Abs Add Sqrt', 'custom', 'Mul']);
    expect(portsOf(parts.steps[0]!).outputs[0]).toBe('early');
  });

  it('a custom operation is the first step where it reads nothing of the graph’s own', () => {
    const graph = new Builder();
    graph.result('y', graph.node('Neg', [graph.custom()]));
    expect(opsOf(graph.partition())).toEqual(['custom', 'Neg']);
  });

  it('an input that custom operations read is in memory from the first step to the last of them', () => {
    const graph = new Builder();
    graph.input('bytes', 'uint8', [3]);
    graph.input('other', 'float32', [2]);
    const first = graph.custom('bytes');
    const a = graph.node('Add', [first, 'other']);
    const second = graph.custom(a, 'bytes');
    graph.result('y', graph.node('Add', [second, graph.node('Cast', ['bytes'], { to: 1 })]));
    const parts = graph.partition();
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['bytes'], outputs: [first] },
      { inputs: ['other', first], outputs: [a] },
      { inputs: [a, 'bytes'], outputs: [second] },
      // A segment reads it as any input.
      { inputs: ['bytes', second], outputs: ['y'] },
    ]);
    expect(parts.copied).toEqual(['bytes']);
    expect(parts.intermediates[0]).toEqual({ name: 'bytes', type: 'uint8', shape: [3], from: 0, to: 2 });
    expect(names(parts.intermediates)).toEqual(['bytes', first, a, second]);
  });

  it('outputs that custom operations read or compute are copies', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const result = graph.custom(a);
    graph.result('a', a);
    graph.result('b', result);
    graph.result('c', result);
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg Identity', 'custom', 'Identity Identity']);
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['x'], outputs: ['a', a] },
      { inputs: [a], outputs: [result] },
      { inputs: [result], outputs: ['b', 'c'] },
    ]);
  });

  it('outputs that later segments read are copies', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    graph.result('a', a);
    graph.result('y', graph.node('Add', [a, graph.custom(a)]));
    const parts = graph.partition();
    expect(names(parts.intermediates)).toContain(a);
    expect(portsOf(parts.steps[0]!).outputs).toEqual(['a', a]);
  });

  it('refuses what it cannot place', () => {
    const ofConstant = new Builder();
    ofConstant.result('y', ofConstant.node('Neg', [ofConstant.custom(ofConstant.floats([1, 2], [2]))]));
    expect(() => ofConstant.partition()).toThrow(
      /^custom operation Custom reads \w+, which is neither an input nor computed$/,
    );

    const unknown = new Builder();
    const a = unknown.node('Neg', ['x']);
    unknown.result('y', unknown.node('Neg', [unknown.custom(a)]));
    expect(() => partition({ ...unknown.finish(), values: new Map() })).toThrow(
      `value ${a} passes between parts of the graph, and its shape is not known`,
    );
  });
});
