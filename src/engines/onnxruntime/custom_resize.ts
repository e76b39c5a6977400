import { resizeWindows } from '../../pixels/resize_matrix.js';
import { type CustomKernel, LANES, operands, type Place, wholeLanes } from './custom_kernel.js';

/**
 * Images uint8 [batch, channels, height, width] resized to the height and width of the output, and normalized with the
 * attributes `scale` and `shift`, a number for each channel; see assembly/resize_and_normalize.ts.
 */
export const resizeAndNormalize: CustomKernel = (node, places) => {
  const [images, out] = operands(node, places) as [Place, Place];
  const [batch, channels, height, width] = images.shape as [number, number, number, number];
  const [outHeight, outWidth] = out.shape.slice(2) as [number, number];
  const [tall, wide] = [wholeLanes(height), wholeLanes(outWidth)];
  const [scale, shift] = [node.attributes.scale, node.attributes.shift] as (readonly number[])[];
  const normalization = new Int32Array(Float32Array.of(...scale!, ...shift!).buffer);
  const columns = windowTable(width, outWidth, wide);
  const rows = windowTable(height, outHeight, outHeight);
  const constants = Int32Array.of(...normalization, ...columns.table, ...rows.table);
  return {
    function: 'resizeAndNormalize',
    constants,
    // A turned plane, a wide plane and a vector.
    scratchBytes: constants.byteLength + 4 * (width * tall + tall * wide + LANES),
    arguments: (scratch) => {
      const columnsAt = scratch + normalization.byteLength;
      const rowsAt = columnsAt + 4 * columns.table.length;
      return [
        ...[images.offset, out.offset, scratch, columnsAt, columns.taps, rowsAt, rows.taps],
        ...[scratch + constants.byteLength, batch * channels, channels],
        ...[height, width, outHeight, outWidth],
      ];
    },
  };
};

/** The windows of an axis as the kernel reads them: all with the same number of weights, the last one again up to `count`. */
function windowTable(from: number, to: number, count: number): { taps: number; table: number[] } {
  const windows = resizeWindows(from, to);
  const taps = Math.max(...windows.map(({ weights }) => weights.length));
  const rows = Array.from({ length: count }, (_, index) => {
    const { first, weights } = windows[Math.min(index, to - 1)]!;
    const row = new Array<number>(1 + taps).fill(0);
    // One that would reach beyond the line begins earlier, with weights of 0.
    row[0] = Math.min(first, from - taps);
    for (const [tap, weight] of weights.entries()) row[1 + first - row[0] + tap] = weight;
    return row;
  });
  return { taps, table: rows.flat() };
}
