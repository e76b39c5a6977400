import { expect, it } from 'vitest';
import { lower } from '../../../src/engines/onednn/lower.js';
import { GraphBuilder } from '../../../src/tracing/graph.js';

/** y = relu(filter ⋆ x) with the gradients that a training step wants of it; `extra` may read more. */
function step(extra: (graph: GraphBuilder, convolved: string) => void = () => {}) {
  const graph = new GraphBuilder();
  const shape = [2, 3, 4, 4];
  const [x, filter] = [graph.input('x', 'float32', shape), graph.input('filter', 'float32', [3, 3, 1, 1])];
  const declared = (name: string, of: readonly number[]) => {
    graph.declare(name, 'float32', of);
    return name;
  };
  const convolved = declared(graph.customNode('Convolution', [x, filter], {}), shape);
  const y = declared(graph.node('Relu', [convolved]), shape);
  const dy = declared(graph.customNode('ReluGradient', [y, y], {}), shape);
  const dFilter = declared(graph.customNode('ConvolutionFilterGradient', [x, dy], {}), [3, 3, 1, 1]);
  const dBias = declared(graph.node('ReduceSum', [dy, graph.int64s([0, 2, 3])], { keepdims: 0 }), [3]);
  extra(graph, convolved);
  graph.output('dFilter', dFilter, 'float32', [3, 3, 1, 1]);
  graph.output('dBias', dBias, 'float32', [3]);
  return lower(graph.finish()).nodes;
}

it('a ReLU goes into the convolution, the sum for the bias into the gradient of the filter', () => {
  const nodes = step();
  expect(nodes.map(({ op }) => op)).toEqual([
    'Convolution',
    'ReluGradient',
    'ConvolutionFilterGradient',
    'Identity',
  ]);
  expect(nodes[0]!.attributes).toEqual({ relu: 1 });
  expect(nodes[2]!.outputs).toContain('dBias');
  expect(nodes.every(({ custom }) => custom)).toBe(true);
});

it('what somebody else reads before the ReLU keeps its own node', () => {
  const nodes = step((graph, convolved) =>
    graph.output('other', graph.node('Sigmoid', [convolved]), 'float32', [2, 3, 4, 4]),
  );
  expect(nodes.filter(({ op }) => op === 'Relu')).toHaveLength(1);
  expect(nodes.find(({ op }) => op === 'Convolution')!.attributes).toEqual({});
  expect(nodes.find(({ op }) => op === 'Sigmoid')!.custom).toBe(false);
});
