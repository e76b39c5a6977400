import { describe, expect, it } from 'vitest';
import { ANY_BATCH, withDynamicBatch } from '../../src/export/dynamic_batch.js';
import { GraphBuilder } from '../../src/tracing/graph.js';
import type { View } from '../../src/tracing/view.js';

/** A graph of one node that reads x [batch, 6] and a constant. */
function graphWith(op: string, constant: readonly number[]) {
  const builder = new GraphBuilder();
  builder.scope = 'layer';
  builder.input('x', 'float32', [ANY_BATCH, 6]);
  const y = builder.node(op, ['x', builder.int64s(constant)]);
  builder.output('y', y, 'float32', [ANY_BATCH, 6]);
  return builder.finish();
}

describe('withDynamicBatch', () => {
  it.each([
    [
      [ANY_BATCH, 2, 3],
      [-1, 2, 3],
    ],
    [
      [2 * ANY_BATCH, 3],
      [-1, 3],
    ],
    [
      [3, 2, 0],
      [3, 2, 0],
    ],
  ])('a reshape to %j', (shape, expected) => {
    const { inputs, outputs, nodes, initializers } = withDynamicBatch(graphWith('Reshape', shape));
    const [[name, constant], ...others] = [...initializers] as [[string, View], ...unknown[]];
    expect(Array.from(constant.data as BigInt64Array, Number)).toEqual(expected);
    expect(others).toEqual([]);
    expect(nodes[0]!.inputs).toEqual(['x', name]);
    expect([...inputs, ...outputs].map((port) => port.shape)).toEqual([
      [-1, 6],
      [-1, 6],
    ]);
  });

  it.each([
    ['Expand', [ANY_BATCH, 6]],
    ['Reshape', [ANY_BATCH, 2 * ANY_BATCH]],
  ])('%s to %j fixes the batch size', (op, shape) => {
    expect(() => withDynamicBatch(graphWith(op, shape))).toThrow(
      `node layer/${op}_0: its constants [${shape}] fix the batch size`,
    );
  });
});
