import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { ModelProtoSchema } from '../../src/engines/onnxruntime/onnx_pb.js';
import { ANY_BATCH, makeBatchDynamic } from '../../src/export/dynamic_batch.js';
import { GraphBuilder } from '../../src/tracing/graph.js';

/** A graph of one node that reads x [batch, 6] and a constant. */
function graphWith(op: string, constant: readonly number[]) {
  const builder = new GraphBuilder();
  builder.scope = 'layer';
  builder.input('x', 'float32', [ANY_BATCH, 6]);
  const y = builder.node(op, ['x', builder.int64s(constant)]);
  builder.output('y', y, 'float32', [ANY_BATCH, 6]);
  return fromBinary(ModelProtoSchema, builder.encode()).graph!;
}

const values = (bytes: Uint8Array) => [...new BigInt64Array(bytes.slice().buffer)].map(Number);

describe('makeBatchDynamic', () => {
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
    const graph = graphWith('Reshape', shape);
    makeBatchDynamic(graph);
    const [constant, ...others] = graph.initializer;
    expect(values(constant!.rawData)).toEqual(expected);
    expect(others).toEqual([]);
    expect(graph.node[0]!.input).toEqual(['x', constant!.name]);
    const { value } = graph.input[0]!.type!.value as { value: { shape: { dim: { value: unknown }[] } } };
    expect(value.shape.dim.map((dim) => dim.value)).toEqual([
      { case: 'dimParam', value: 'batch' },
      { case: 'dimValue', value: 6n },
    ]);
  });

  it.each([
    ['Expand', [ANY_BATCH, 6]],
    ['Reshape', [ANY_BATCH, 2 * ANY_BATCH]],
  ])('%s to %j fixes the batch size', (op, shape) => {
    expect(() => makeBatchDynamic(graphWith(op, shape))).toThrow(
      `node layer/${op}_0: its constants [${shape}] fix the batch size`,
    );
  });
});
