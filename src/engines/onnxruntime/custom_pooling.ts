import { type CustomKernel, LANES, operands, type Place, wholeLanes } from './custom_kernel.js';

/** dx of a max-pooling from x, y and dy; see assembly/max_pool_gradient.ts. */
export const maxPoolGradient: CustomKernel = (node, places) => {
  const [x, y, dy, dx] = operands(node, places) as [Place, Place, Place, Place];
  const kernel = node.attributes.kernel_shape as [number, number];
  const strides = node.attributes.strides as [number, number];
  const [top, left] = node.attributes.pads as [number, number];
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [outHeight, outWidth] = y.shape.slice(2) as [number, number];
  // The plane that holds all that the windows, rounded up to whole lanes, see.
  const padded = [
    (outHeight - 1) * strides[0] + kernel[0],
    Math.max(wholeLanes(outWidth) * strides[1] + kernel[1] + 2 * LANES, left + width),
  ] as const;
  return {
    function: 'maxPoolGradient',
    // The padded plane and a row of positions.
    scratchBytes: 4 * (padded[0] * padded[1] + outWidth + 4 * LANES),
    arguments: (scratch) => [
      ...[x.offset, y.offset, dy.offset, dx.offset, scratch],
      ...[batch * channels, height, width, outHeight, outWidth],
      ...[...kernel, ...strides, top, left, ...padded],
      node.attributes.positive as number,
    ],
  };
};
