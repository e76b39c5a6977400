import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { encodeModel } from '../../src/engines/onnxruntime/encode.js';
import { AttributeProto_AttributeType, ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import { GraphBuilder } from '../../src/tracing/graph.js';
import { nodeCount } from '../helpers/graphs.js';
import { runGraph } from '../helpers/runners.js';

const decode = (graph: GraphBuilder) => fromBinary(ModelProtoSchema, encodeModel(graph.finish())).graph!;
const x = { shape: [2], values: [1, -2] };

/** A builder with one input, named 0. */
function builder(): GraphBuilder {
  const graph = new GraphBuilder();
  graph.input('0', 'float32', [2]);
  return graph;
}

describe('nodes', () => {
  it('those that no output depends on are dropped, with their constants', async () => {
    const graph = builder();
    const kept = graph.node('Neg', ['0']);
    graph.node('Abs', [graph.node('Add', [kept, graph.floats([7], [])])]);
    graph.output('y', kept, 'float32', [2]);
    expect(nodeCount(graph)).toBe(1);
    expect(decode(graph).node.map(({ opType }) => opType)).toEqual(['Neg']);
    expect(decode(graph).initializer).toEqual([]);
    expect(await runGraph(graph.finish(), [x])).toEqual([{ shape: [2], values: [-1, 2] }]);
  });

  it('one of several outputs keeps a node alive', async () => {
    const graph = builder();
    const parts = graph.nodeWithOutputs('Split', ['0', graph.int64s([1, 1])], { axis: 0 }, 2);
    graph.output('second', parts[1]!, 'float32', [1]);
    expect(await runGraph(graph.finish(), [x])).toEqual([{ shape: [1], values: [-2] }]);
  });

  it('are named by their scope, and keep the order in which they were appended', () => {
    const graph = builder();
    graph.scope = 'conv1';
    const first = graph.node('Neg', ['0']);
    graph.scope = 'fc';
    graph.output('y', graph.node('Abs', [first]), 'float32', [2]);
    expect(decode(graph).node.map(({ name }) => name)).toEqual(['conv1/Neg_0', 'fc/Abs_1']);
  });
});

describe('outputs', () => {
  it('carry their name where they are computed, for later nodes too', async () => {
    const graph = builder();
    const negative = graph.node('Neg', ['0']);
    graph.output('negative', negative, 'float32', [2]);
    graph.output('positive', graph.node('Relu', [negative]), 'float32', [2]);
    expect(decode(graph).node.map(({ input, output }) => [input, output])).toEqual([
      [['0'], ['negative']],
      [['negative'], ['positive']],
    ]);
    expect((await runGraph(graph.finish(), [x])).map(({ values }) => values)).toEqual([
      [-1, 2],
      [0, 2],
    ]);
  });

  it('may repeat a value, be an input or a constant', async () => {
    const graph = builder();
    const negative = graph.node('Neg', ['0']);
    graph.output('a', negative, 'float32', [2]);
    graph.output('b', negative, 'float32', [2]);
    graph.output('c', '0', 'float32', [2]);
    graph.output('d', '0', 'float32', [2]);
    graph.output('e', graph.floats([3, 4], [2]), 'float32', [2]);
    expect(decode(graph).node.map(({ opType }) => opType)).toEqual(['Neg', ...Array(4).fill('Identity')]);
    expect((await runGraph(graph.finish(), [x])).map(({ values }) => values)).toEqual([
      [-1, 2],
      [-1, 2],
      [1, -2],
      [1, -2],
      [3, 4],
    ]);
  });

  it('inputs that nothing reads stay inputs', async () => {
    const graph = builder();
    graph.input('1', 'int32', [3, 1]);
    graph.output('y', graph.node('Neg', ['0']), 'float32', [2]);
    expect(decode(graph).input.map(({ name }) => name)).toEqual(['0', '1']);
    const unused = { shape: [3, 1], values: [1, 2, 3], type: 'int32' as const };
    expect(await runGraph(graph.finish(), [x, unused])).toHaveLength(1);
  });
});

describe('constants', () => {
  it('small ones are stored once for each type and shape', () => {
    const graph = new GraphBuilder();
    const names = [
      graph.floats([1, 2], [2]),
      graph.floats([1, 2], [1, 2]),
      graph.floats([1, 3], [2]),
      graph.int32s([1, 2], [2]),
      graph.int64s([1, 2]),
      graph.floats([0], []),
      graph.floats([-0], []),
    ];
    expect(new Set(names).size).toBe(names.length);
    expect(graph.floats([1, 2], [2])).toBe(names[0]);
    expect(graph.int64s([1, 2])).toBe(names[4]);
  });

  it('hold their values, large ones too', async () => {
    const graph = builder();
    const values = Array.from({ length: 100 }, (_, index) => index / 8);
    graph.output('floats', graph.floats(values, [4, 25]), 'float32', [4, 25]);
    graph.output('int32s', graph.int32s([-1, 2 ** 31 - 1], [2]), 'int32', [2]);
    graph.output('int64s', graph.int64s([-1, Number.MIN_SAFE_INTEGER]), 'int64', [2]);
    graph.output('nothing', graph.int64s([]), 'int64', [0]);
    expect(await runGraph(graph.finish(), [x])).toEqual([
      { shape: [4, 25], values },
      { shape: [2], values: [-1, 2 ** 31 - 1] },
      { shape: [2], values: [-1, Number.MIN_SAFE_INTEGER] },
      { shape: [0], values: [] },
    ]);
  });

  it('are copies: a later change of the array changes nothing', async () => {
    const graph = builder();
    const values = new Float32Array(20).fill(1);
    graph.output('y', graph.floats(values, [20]), 'float32', [20]);
    values.fill(2);
    expect((await runGraph(graph.finish(), [x]))[0]!.values).toEqual(Array(20).fill(1));
  });
});

describe('attributes', () => {
  const attributeOf = (value: Parameters<GraphBuilder['node']>[2] & object) => {
    const graph = builder();
    graph.output('y', graph.node('LeakyRelu', ['0'], value), 'float32', [2]);
    return decode(graph).node[0]!.attribute[0]!;
  };

  it.each([
    ['an integer', 2, AttributeProto_AttributeType.INT, { i: 2n }],
    ['a float', { float: 0.5 }, AttributeProto_AttributeType.FLOAT, { f: 0.5 }],
    ['a whole float', { float: 2 }, AttributeProto_AttributeType.FLOAT, { f: 2 }],
    ['integers', [1, -2], AttributeProto_AttributeType.INTS, { ints: [1n, -2n] }],
    ['text', 'add', AttributeProto_AttributeType.STRING, { s: new TextEncoder().encode('add') }],
  ])('%s', (_name, value, type, field) => {
    expect(attributeOf({ a: value })).toMatchObject({ name: 'a', type, ...field });
  });

  it('a fraction that was not wrapped is refused', () => {
    expect(() => attributeOf({ alpha: 0.5 })).toThrow(RangeError);
  });

  it('ONNX Runtime reads a float', async () => {
    const graph = builder();
    graph.output('y', graph.node('LeakyRelu', ['0'], { alpha: { float: 0.5 } }), 'float32', [2]);
    expect((await runGraph(graph.finish(), [x]))[0]!.values).toEqual([1, -1]);
  });
});
