import { backend_util } from '@tensorflow/tfjs';
import type { Trace } from '../trace.js';
import { naturalOrder, type Value } from '../value.js';
import { type Translation, translation } from './kernel.js';

/** A matrix as it is stored, and whether it must be transposed to be what is meant. */
function matrix(trace: Trace, value: Value, transposed: boolean): { name: string; transpose: boolean } {
  const swapped = value.order[0] === 1;
  return { name: trace.stored(value), transpose: transposed !== swapped };
}

const matMul = translation<{ transposeA: boolean; transposeB: boolean }>(
  (trace, { a, b }, { transposeA, transposeB }) => {
    const rank = Math.max(a!.shape.length, b!.shape.length);
    const rows = a!.shape.at(transposeA ? -1 : -2)!;
    const columns = b!.shape.at(transposeB ? -2 : -1)!;
    if (rank === 2) {
      const left = matrix(trace, a!, transposeA);
      const right = matrix(trace, b!, transposeB);
      const attributes = { transA: left.transpose ? 1 : 0, transB: right.transpose ? 1 : 0 };
      return trace.value(trace.graph.node('Gemm', [left.name, right.name], attributes), [rows, columns]);
    }
    const operand = (value: Value, transposed: boolean) => {
      const axes = naturalOrder(value.shape.length);
      const order = transposed ? [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!] : axes;
      return trace.stored(value, order);
    };
    const batch = backend_util.assertAndGetBroadcastShape(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    const name = trace.graph.node('MatMul', [operand(a!, transposeA), operand(b!, transposeB)]);
    return trace.value(name, [...batch, rows, columns]);
  },
);

export const matrixProducts: Readonly<Record<string, Translation>> = { BatchMatMul: matMul };
