import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import {
  type GroupedAttributes,
  groupedKernels,
  groupedOutput,
} from '../../registry/layers/grouped_convolution.js';
import type { Tf } from '../../registry/schema.js';

type Shape4D = [number, number, number, number];
type Kernel = (tf: Tf, inputs: Readonly<Record<string, Tensor4D>>, attributes: GroupedAttributes) => Tensor;

/** Gives a backend the kernels of grouped and dilated convolution, made of its own. */
export function registerGroupedConvolution(tf: Tf, backendName: string): void {
  if (tf.getKernel(groupedKernels.forward, backendName)) return;
  const kernels = { forward, inputGradient, filterGradient };
  for (const [name, kernel] of Object.entries(kernels) as [keyof typeof kernels, Kernel][]) {
    tf.registerKernel({
      kernelName: groupedKernels[name],
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => kernel(tf, inputs as Record<string, Tensor4D>, attrs as unknown as GroupedAttributes)),
    });
  }
}

const forward: Kernel = (tf, { x, filter }, { pads: [top, left, bottom, right], ...rest }) =>
  convolve(tf, padded(tf, x!, [top, bottom], [left, right]), filter!, rest);

/** Without padding. */
function convolve(
  tf: Tf,
  x: Tensor4D,
  filter: Tensor4D,
  { strides, dilations, groups }: Pick<GroupedAttributes, 'strides' | 'dilations' | 'groups'>,
): Tensor4D {
  const [vertical, horizontal] = strides;
  const isDilated = dilations[0] > 1 || dilations[1] > 1;
  // What TensorFlow.js and TensorFlow refuse: dense windows, of which those that were asked for are taken.
  if ((isDilated && (vertical > 1 || horizontal > 1)) || vertical !== horizontal) {
    const dense = convolve(tf, x, filter, { strides: [1, 1], dilations, groups });
    return tf.stridedSlice(dense, [0, 0, 0, 0], dense.shape, [1, vertical, horizontal, 1]) as Tensor4D;
  }
  const dilation: [number, number] = [...dilations];
  if (filter.shape[2] === 1) {
    // TensorFlow's depthwise kernel refuses dilation on CPUs: the same taps with zeros between them.
    const taps = spaced(tf, spaced(tf, filter, 0, dilation[0]), 1, dilation[1]);
    const [height, width, , filters] = taps.shape;
    const shape: Shape4D = [height, width, groups, filters / groups];
    return tf.depthwiseConv2d(x, tf.reshape(taps, shape), vertical, 'valid');
  }
  const filters = tf.split(filter, groups, 3);
  const maps = tf
    .split(x, groups, 3)
    .map((part, group) =>
      tf.conv2d(part as Tensor4D, filters[group]! as Tensor4D, vertical, 'valid', 'NHWC', dilation),
    );
  return tf.concat(maps, 3);
}

/**
 * dx: dy with stride − 1 zeros between its pixels, convolved with the filter turned by half a turn, inputs and outputs of
 * each group swapped.
 */
const inputGradient: Kernel = (tf, { dy, filter }, attributes) => {
  const { inputShape, filterShape, strides, dilations, pads, groups } = attributes;
  const [batch, height, width, channels] = inputShape;
  const [kernelHeight, kernelWidth, inGroup, filters] = filterShape;
  const spread = spaced(tf, spaced(tf, dy!, 1, strides[0]), 2, strides[1]);
  const sides = (axis: 0 | 1): [number, number] => {
    const size = inputShape[1 + axis]! + pads[axis] + pads[2 + axis]!;
    return [dilations[axis] * (filterShape[axis] - 1), size - spread.shape[1 + axis]!];
  };
  const swapped = tf.transpose(
    tf.reshape(tf.reverse(filter!, [0, 1]), [kernelHeight, kernelWidth, inGroup, groups, filters / groups]),
    [0, 1, 4, 3, 2],
  );
  const turned = tf.reshape(swapped, [kernelHeight, kernelWidth, filters / groups, channels]) as Tensor4D;
  const whole = convolve(tf, padded(tf, spread, sides(0), sides(1)), turned, {
    strides: [1, 1],
    dilations,
    groups,
  });
  return tf.slice(whole, [0, pads[0], pads[1], 0], [batch, height, width, channels]);
};

/** For each pixel (a, b) of the window and each group, xᵀ · dy over images and positions. */
const filterGradient: Kernel = (tf, { x, dy }, attributes) => {
  const { filterShape, strides, dilations, pads, groups } = attributes;
  const [top, left, bottom, right] = pads;
  const [height, width, inGroup, filters] = filterShape;
  const [outHeight, outWidth] = groupedOutput(attributes);
  const source = padded(tf, x!, [top, bottom], [left, right]);
  const [batch, , , channels] = source.shape;
  const positions = tf.transpose(tf.reshape(dy!, [-1, groups, filters / groups]), [1, 0, 2]);
  const parts: Tensor[] = [];
  for (let a = 0; a < height; a++) {
    for (let b = 0; b < width; b++) {
      const begin = [0, a * dilations[0], b * dilations[1], 0];
      const end = [
        batch,
        begin[1]! + (outHeight - 1) * strides[0] + 1,
        begin[2]! + (outWidth - 1) * strides[1] + 1,
        channels,
      ];
      const seen = tf.stridedSlice(source, begin, end, [1, ...strides, 1]);
      const rows = tf.transpose(tf.reshape(seen, [-1, groups, inGroup]), [1, 2, 0]);
      parts.push(tf.transpose(tf.matMul(rows, positions), [1, 0, 2]));
    }
  }
  return tf.reshape(tf.stack(parts), [...filterShape]);
};

function padded(tf: Tf, x: Tensor4D, vertical: [number, number], horizontal: [number, number]): Tensor4D {
  if ([...vertical, ...horizontal].every((size) => size === 0)) return x;
  return tf.pad(x, [[0, 0], vertical, horizontal, [0, 0]]);
}

/** `stride − 1` zeros between the elements along an axis. */
function spaced(tf: Tf, x: Tensor4D, axis: 0 | 1 | 2, stride: number): Tensor4D {
  if (stride === 1) return x;
  const size = x.shape[axis]!;
  const before = x.shape.slice(0, axis).reduce((product, length) => product * length, 1);
  const flat = tf.reshape(x, [before * size, 1, -1]);
  const zeros = tf.zeros([before * size, stride - 1, flat.shape[2]!]);
  const long = x.shape.with(axis, size * stride);
  const whole = tf.reshape(tf.concat([flat, zeros], 1), long);
  return tf.slice(whole, [0, 0, 0, 0], x.shape.with(axis, (size - 1) * stride + 1)) as Tensor4D;
}
