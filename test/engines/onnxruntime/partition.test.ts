import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ModelProtoSchema } from '../../../src/engines/onnxruntime/onnx_pb.js';
import {
  NO_COPIES,
  type Partition,
  partition,
  type Step,
} from '../../../src/engines/onnxruntime/partition.js';
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

  host(...inputs: string[]): string {
    return this.known(this.hostNode('Host', inputs, {}));
  }

  result(name: string, source: string): void {
    this.output(name, source, 'float32', [2]);
  }

  partition(): Partition {
    return partition(this.finish(), (name) => this.port(name));
  }

  private known(name: string): string {
    this.declare(name, 'float32', [2]);
    return name;
  }
}

/** Operations of each step; a host operation stands alone. */
const opsOf = ({ steps }: Partition) =>
  steps.map((step) =>
    step.kind === 'host'
      ? 'host'
      : graphOf(step)
          .node.map(({ opType }) => opType)
          .join(' '),
  );

function graphOf(step: Step) {
  if (step.kind === 'host') throw new Error('a host operation has no graph');
  return fromBinary(ModelProtoSchema, step.model).graph!;
}

const portsOf = (step: Step) =>
  step.kind === 'host'
    ? { inputs: step.node.inputs, outputs: step.node.outputs }
    : { inputs: step.inputs, outputs: step.outputs };

const names = (ports: readonly { readonly name: string }[]) => ports.map(({ name }) => name);

describe('partition', () => {
  it('a graph without host operations is one segment', () => {
    const graph = new Builder();
    graph.input('unused', 'float32', [2]);
    const a = graph.node('Neg', ['x']);
    graph.result('y', graph.node('Add', [a, graph.floats([1, 2], [2])]));
    graph.result('z', a);
    const parts = graph.partition();
    const whole = fromBinary(ModelProtoSchema, graph.encode()).graph!;
    expect(parts.crossings).toEqual([]);
    expect(parts.copied).toEqual([]);
    expect(names(parts.outputs)).toEqual(['y', 'z']);
    expect(opsOf(parts)).toEqual(['Neg Add SequenceEmpty']);
    const [segment] = parts.steps;
    expect(portsOf(segment!)).toEqual({ inputs: ['x'], outputs: ['y', 'z'] });
    const { node, initializer, output } = graphOf(segment!);
    expect(node.slice(0, -1)).toEqual(whole.node);
    expect(initializer).toEqual(whole.initializer);
    expect(names(output)).toEqual([NO_COPIES, 'y', 'z']);
  });

  it('a chain of host operations alternates with segments, each with what it reads and yields', () => {
    const graph = new Builder();
    graph.input('later', 'float32', [2]);
    const a = graph.node('Neg', ['x']);
    const first = graph.host(a);
    const b = graph.node('Add', [first, 'later']);
    const second = graph.host(b, a);
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
    expect(parts.crossings).toEqual([
      { name: a, ...port, from: 0, to: 3 },
      { name: first, ...port, from: 1, to: 2 },
      { name: b, ...port, from: 2, to: 3 },
      { name: second, ...port, from: 3, to: 4 },
    ]);
    for (const index of [0, 2, 4]) {
      const { input, output, initializer } = graphOf(parts.steps[index]!);
      expect(names(input)).toEqual(portsOf(parts.steps[index]!).inputs);
      expect(names(output)).toEqual([NO_COPIES, ...portsOf(parts.steps[index]!).outputs]);
      expect(initializer).toHaveLength(index === 4 ? 1 : 0);
    }
  });

  it('a host operation that reads another one follows it, without a segment between the two', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const first = graph.host(a);
    const second = graph.host(first, a);
    graph.result('y', graph.node('Abs', [second]));
    const parts = graph.partition();
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['x'], outputs: [a] },
      { inputs: [a], outputs: [first] },
      { inputs: [first, a], outputs: [second] },
      { inputs: [second], outputs: ['y'] },
    ]);
  });

  it('independent host operations share the segments around them', () => {
    const graph = new Builder();
    const [a, b] = [graph.node('Neg', ['x']), graph.node('Abs', ['x'])];
    const [first, second] = [graph.host(a), graph.host(b)];
    graph.result('y', graph.node('Add', [first, second]));
    expect(opsOf(graph.partition())).toEqual(['Neg Abs SequenceEmpty', 'host', 'host', 'Add SequenceEmpty']);
  });

  it('what only a later segment reads is computed there, however much it takes', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const mask = graph.node('Sqrt', [graph.node('Abs', [a])]);
    const host = graph.host(a);
    graph.result('y', graph.node('Mul', [host, mask]));
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg SequenceEmpty', 'host', 'Abs Sqrt Mul SequenceEmpty']);
    expect(names(parts.crossings)).toEqual([a, host]);
    expect(parts.crossings[0]).toMatchObject({ from: 0, to: 2 });
  });

  it('what an earlier segment reads too is computed there, and so are outputs', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const shared = graph.node('Abs', [a]);
    const host = graph.host(graph.node('Add', [a, shared]));
    graph.result('early', graph.node('Sqrt', [a]));
    graph.result('y', graph.node('Mul', [host, shared]));
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg Abs Add Sqrt SequenceEmpty', 'host', 'Mul SequenceEmpty']);
    expect(portsOf(parts.steps[0]!).outputs[0]).toBe('early');
  });

  it('a host operation is the first step where it reads nothing of the graph’s own', () => {
    const graph = new Builder();
    graph.result('y', graph.node('Neg', [graph.host()]));
    expect(opsOf(graph.partition())).toEqual(['host', 'Neg SequenceEmpty']);
  });

  it('an input that host operations read is in memory from the first step to the last of them', () => {
    const graph = new Builder();
    graph.input('bytes', 'uint8', [3]);
    graph.input('other', 'float32', [2]);
    const first = graph.host('bytes');
    const a = graph.node('Add', [first, 'other']);
    const second = graph.host(a, 'bytes');
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
    expect(parts.crossings[0]).toEqual({ name: 'bytes', type: 'uint8', shape: [3], from: 0, to: 2 });
    expect(names(parts.crossings)).toEqual(['bytes', first, a, second]);
  });

  it('outputs that host operations read or compute are copies', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    const host = graph.host(a);
    graph.result('a', a);
    graph.result('b', host);
    graph.result('c', host);
    const parts = graph.partition();
    expect(opsOf(parts)).toEqual(['Neg Identity SequenceEmpty', 'host', 'Identity Identity SequenceEmpty']);
    expect(parts.steps.map(portsOf)).toEqual([
      { inputs: ['x'], outputs: ['a', a] },
      { inputs: [a], outputs: [host] },
      { inputs: [host], outputs: ['b', 'c'] },
    ]);
  });

  it('outputs that later segments read are copies', () => {
    const graph = new Builder();
    const a = graph.node('Neg', ['x']);
    graph.result('a', a);
    graph.result('y', graph.node('Add', [a, graph.host(a)]));
    const parts = graph.partition();
    expect(names(parts.crossings)).toContain(a);
    expect(portsOf(parts.steps[0]!).outputs).toEqual(['a', a]);
  });

  it('refuses what it cannot place', () => {
    const ofConstant = new Builder();
    ofConstant.result('y', ofConstant.node('Neg', [ofConstant.host(ofConstant.floats([1, 2], [2]))]));
    expect(() => ofConstant.partition()).toThrow(
      /^host operation Host reads \w+, which is neither an input nor computed$/,
    );

    const unknown = new Builder();
    const a = unknown.node('Neg', ['x']);
    unknown.result('y', unknown.node('Neg', [unknown.host(a)]));
    expect(() => partition(unknown.finish(), () => undefined)).toThrow(
      `value ${a} passes between parts of the graph, and its shape is not known`,
    );
  });
});
