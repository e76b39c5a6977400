import { beforeEach, describe, expect, it } from 'vitest';
import { onnxOperators } from '../../src/tracing/kernels/index.js';
import { Trace } from '../../src/tracing/trace.js';
import { CHANNELS_FIRST, naturalOrder } from '../../src/tracing/value.js';
import { nodeCount } from '../helpers/graphs.js';
import { runGraph } from '../helpers/runners.js';

let trace: Trace;
beforeEach(() => {
  trace = new Trace(onnxOperators);
});

const inputValue = (shape: readonly number[], order = naturalOrder(shape.length)) =>
  trace.value(
    trace.graph.input(
      '0',
      'float32',
      order.map((axis) => shape[axis]!),
    ),
    shape,
    { order },
  );

/** Operators of the graph that yields these names. */
function operators(...names: string[]): number {
  for (const [index, name] of names.entries()) trace.graph.output(`y${index}`, name, 'float32', []);
  return nodeCount(trace.graph);
}

describe('the stored form of a value', () => {
  it('is the value itself in its own order', () => {
    const value = inputValue([2, 3]);
    expect(trace.natural(value)).toBe(value.name);
    expect(trace.stored(value, [0, 1])).toBe(value.name);
  });

  it('is transposed once for each order', async () => {
    const value = inputValue([2, 3]);
    const transposed = trace.stored(value, [1, 0]);
    expect(trace.stored(value, [1, 0])).toBe(transposed);
    trace.graph.output('y', transposed, 'float32', [3, 2]);
    const [result] = await runGraph(trace.graph.finish(), [{ shape: [2, 3], values: [1, 2, 3, 4, 5, 6] }]);
    expect(result).toEqual({ shape: [3, 2], values: [1, 4, 2, 5, 3, 6] });
  });

  it('is reshaped where only axes of size 1 move', async () => {
    const value = inputValue([2, 1, 1, 3], CHANNELS_FIRST);
    trace.graph.output('y', trace.natural(value), 'float32', [2, 1, 1, 3]);
    const graph = trace.graph.finish();
    expect(graph.nodes.map(({ op }) => op)).not.toContain('Transpose');
    const [result] = await runGraph(graph, [{ shape: [2, 3, 1, 1], values: [1, 2, 3, 4, 5, 6] }]);
    expect(result).toEqual({ shape: [2, 1, 1, 3], values: [1, 2, 3, 4, 5, 6] });
  });

  it('of a uniform value is spread out, once for each shape', () => {
    const small = trace.uniform(2, [3], 'float32');
    const large = trace.uniform(2, [4], 'float32');
    expect(large.name).toBe(small.name);
    expect(trace.natural(large)).not.toBe(trace.natural(small));
    expect(trace.natural(large)).toBe(trace.stored(large, [0]));
    expect(operators(trace.natural(small), trace.natural(large))).toBe(2);
  });

  it('of a uniform number is the constant', () => {
    const number = trace.uniform(2, [], 'int32');
    expect(trace.natural(number)).toBe(number.name);
    expect(trace.uniform(2, [], 'float32').name).not.toBe(number.name);
  });
});

it('values come about in the layer that was entered last', () => {
  trace.enterLayer('conv1');
  trace.graph.output('y', trace.graph.node('Neg', [trace.graph.input('0', 'float32', [])]), 'float32', []);
  expect(trace.graph.finish().nodes).toMatchObject([{ op: 'Neg', scope: 'conv1' }]);
});

it('notes are known by relation and value', () => {
  trace.note('positions', 'v1', 'v2');
  trace.note('relu', 'v1', 'v3');
  expect(trace.noted('positions', 'v1')).toBe('v2');
  expect(trace.noted('relu', 'v1')).toBe('v3');
  expect(trace.noted('relu', 'v2')).toBeUndefined();
});
