import { afterEach, describe, expect, it, vi } from 'vitest';
import { OnnxRuntimeEngine } from '../../../src/engines/onnxruntime/engine.js';
import * as ort from '../../../src/engines/onnxruntime/onnxruntime.js';
import { GraphBuilder } from '../../../src/tracing/graph.js';
import type { View, Views } from '../../../src/tracing/view.js';
import { maxPool, maxPoolGradient } from '../../helpers/naive.js';
import type { Plain } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';

const SHAPE = [2, 3, 7, 6];
const POOLED = [2, 3, 4, 3];
const pooling = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
const window = { kernel: [3, 3], stride: [2, 2], padding: [1, 1] } as const;
const engine = () => new OnnxRuntimeEngine({ executionProviders: ['cpu'], threads: 1, device: false });
const random = new TestRandom(8);
// A class, which its type does not tell.
const Session = ort.InferenceSession as unknown as { readonly prototype: ort.InferenceSession };

/** "dx" = −(gradient of max-pooling −x) of the input dy, "y" = 2 · maxPool(−x) and the largest of maxPool(−x): segment, custom operation, segment. */
function graphOf(): GraphBuilder {
  const graph = new GraphBuilder();
  const floats = (name: string, shape: readonly number[]) => {
    graph.declare(name, 'float32', shape);
    return name;
  };
  graph.input('x', 'float32', SHAPE);
  graph.input('dy', 'float32', POOLED);
  const x = floats(graph.node('Neg', ['x']), SHAPE);
  const y = floats(graph.node('MaxPool', [x], pooling), POOLED);
  const attributes = { ...pooling, positive: 0 };
  const dx = floats(graph.customNode('MaxPoolGradient', [x, y, 'dy'], attributes), SHAPE);
  graph.output('dx', graph.node('Neg', [dx]), 'float32', SHAPE);
  graph.output('y', graph.node('Add', [y, y]), 'float32', POOLED);
  graph.output(
    'largest',
    graph.node('ReduceMax', [graph.node('Cast', [y], { to: { type: 'int64' } })], { keepdims: 0 }),
    'int64',
    [],
  );
  return graph;
}

const open = (graph = graphOf()) => engine().open(graph.finish());

const view = ({ shape, values }: Plain): View => ({
  type: 'float32',
  shape,
  data: Float32Array.from(values),
});

const inputs = (record: Readonly<Record<string, View>>): Views => new Map(Object.entries(record));

function operands() {
  const [x, dy] = [random.integers(SHAPE, -3, 3), random.integers(POOLED, -8, 8)];
  const negative = { ...x, values: Array.from(x.values, (value) => -value) };
  return {
    feeds: { x: view(x), dy: view(dy) },
    y: Array.from(maxPool(negative, window).values, (value) => 2 * value + 0),
    dx: Array.from(maxPoolGradient(negative, dy, window).values, (value) => 0 - value),
  };
}

const numbers = ({ data }: View) => Array.from(data as Float32Array, (value) => value + 0);

describe('OnnxRuntimeExecutable', () => {
  afterEach(() => vi.restoreAllMocks());

  it('gives outputs of every run, in the same memory', async () => {
    const executable = await open();
    const [first, second] = [operands(), operands()];
    const value = await executable.run(inputs(first.feeds));
    const [dx, y] = [value('dx'), value('y')];
    expect([dx.shape, y.shape]).toEqual([SHAPE, POOLED]);
    expect([numbers(dx), numbers(y)]).toEqual([first.dx, first.y]);
    expect(value('largest').data).toEqual(BigInt64Array.of(BigInt(Math.max(...first.y) / 2)));
    const again = await executable.run(inputs(second.feeds));
    expect(again('dx').data).toBe(dx.data);
    expect([numbers(dx), numbers(y)]).toEqual([second.dx, second.y]);
    expect([numbers(again('dx')), numbers(again('y'))]).toEqual([second.dx, second.y]);
    await executable.run(inputs(first.feeds));
    expect([numbers(dx), numbers(y)]).toEqual([first.dx, first.y]);
    await executable.release();
  });

  it('writes outputs to where they are wanted, and there alone', async () => {
    const executable = await open();
    const { feeds, dx, y } = operands();
    const own = (
      await executable.run(inputs({ ...feeds, x: view({ shape: SHAPE, values: new Float32Array(252) }) }))
    )('dx');
    const before = numbers(own);
    const wanted = view({ shape: SHAPE, values: new Float32Array(252) });
    const value = await executable.run(inputs(feeds), inputs({ dx: wanted }));
    expect(value('dx')).toBe(wanted);
    expect(numbers(wanted)).toEqual(dx);
    expect(numbers(value('y'))).toEqual(y);
    expect(numbers(own)).toEqual(before);
    await executable.release();
  });

  it('copies no output: each run asks ONNX Runtime for one that JavaScript cannot have', async () => {
    const executable = await open();
    const run = vi.spyOn(Session.prototype, 'run');
    await executable.run(inputs(operands().feeds));
    expect(run).toHaveBeenCalledTimes(2);
    for (const { value } of run.mock.results) await expect(value).rejects.toThrow(/^Non tensor type/);
    await executable.release();
  });

  it('an error of ONNX Runtime in any segment is the run’s', async () => {
    const executable = await open();
    const { feeds, dx } = operands();
    const wrong = { ...feeds, x: view(random.tensor([2, 3, 7, 7])) };
    await expect(executable.run(inputs(wrong))).rejects.toThrow(/Got invalid dimensions for input: x/);
    await expect(executable.run(inputs({ dy: feeds.dy }))).rejects.toThrow(/x/);
    const tooSmall = { dx: view(random.tensor([2, 3])) };
    await expect(executable.run(inputs(feeds), inputs(tooSmall))).rejects.toThrow(/shape|dx/i);
    // It is as good as before.
    expect(numbers((await executable.run(inputs(feeds)))('dx'))).toEqual(dx);
    await executable.release();
  });

  it('refuses an input for a custom operation that is not what the graph takes', async () => {
    const executable = await open();
    const { feeds, dx } = operands();
    const expected = 'input dy: expected float32 [2, 3, 4, 3], got';
    const wrongShape = { ...feeds, dy: view(random.tensor([2, 3, 4, 4])) };
    await expect(executable.run(inputs(wrongShape))).rejects.toThrow(`${expected} float32 [2, 3, 4, 4]`);
    const wrongType = { ...feeds, dy: { type: 'int32', shape: POOLED, data: new Int32Array(72) } as const };
    await expect(executable.run(inputs(wrongType))).rejects.toThrow(`${expected} int32 [2, 3, 4, 3]`);
    await expect(executable.run(inputs({ x: feeds.x }))).rejects.toThrow(`${expected} nothing`);
    expect(numbers((await executable.run(inputs(feeds)))('dx'))).toEqual(dx);
    await executable.release();
  });

  it('an error that is found while a segment computes is the run’s too', async () => {
    const graph = new GraphBuilder();
    graph.input('values', 'float32', [3]);
    graph.input('index', 'int64', [1]);
    graph.output('y', graph.node('Gather', ['values', 'index']), 'float32', [1]);
    const executable = await open(graph);
    const values = view({ shape: [3], values: [1, 2, 3] });
    const at = (index: bigint) =>
      inputs({ values, index: { type: 'int64', shape: [1], data: BigInt64Array.of(index) } });
    await expect(executable.run(at(9n))).rejects.toThrow(/Gather.*out of data bounds/);
    expect(numbers((await executable.run(at(2n)))('y'))).toEqual([3]);
    await executable.release();
  });

  it('runs no more once it is released', async () => {
    const release = vi.spyOn(Session.prototype, 'release');
    const executable = await open();
    await executable.run(inputs(operands().feeds));
    await executable.release();
    expect(release).toHaveBeenCalledTimes(2);
    await expect(executable.run(inputs(operands().feeds))).rejects.toThrow(/disposed/);
  });
});
