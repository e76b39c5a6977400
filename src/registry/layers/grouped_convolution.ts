import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Pair, Tf } from '../schema.js';
import type { Padding } from './window.js';

/**
 * Kernels of a convolution in groups or with dilation. TensorFlow.js has no operation of groups, and no gradient of
 * dilation: eager backends make these of their own operations, a trace makes one operator of each.
 */
export const groupedKernels = {
  /** x, filter → y */
  forward: 'GroupedConv2D',
  /** dy, filter → dx */
  inputGradient: 'GroupedConv2DBackpropInput',
  /** x, dy → the gradient of the filter */
  filterGradient: 'GroupedConv2DBackpropFilter',
} as const;

/** Attributes of all three kernels. */
export interface GroupedAttributes {
  /** Of x: [batch, height, width, channels]. */
  readonly inputShape: readonly [number, number, number, number];
  /** [height, width, channels / groups, filters]; each group of filters reads one group of channels, in order. */
  readonly filterShape: readonly [number, number, number, number];
  readonly strides: Pair;
  readonly dilations: Pair;
  /** Zeros around x: top, left, bottom, right. */
  readonly pads: readonly [number, number, number, number];
  readonly groups: number;
}

/** How the window moves; `filterShape` and `inputShape` are those of the tensors. */
export interface GroupedWindow {
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly padding: Padding;
  readonly groups: number;
}

/** y = filter ⋆ x [batch, height, width, channels], without a bias; filter [height, width, channels / groups, filters]. */
export function groupedConvolution(tf: Tf, window: GroupedWindow, x: Tensor, filter: Tensor): Tensor {
  const { top, left, bottom, right } = window.padding;
  const attributes: GroupedAttributes = {
    inputShape: x.shape as Tensor4D['shape'],
    filterShape: filter.shape as Tensor4D['shape'],
    strides: window.stride,
    dilations: window.dilation,
    pads: [top, left, bottom, right],
    groups: window.groups,
  };
  const run = (kernel: string, inputs: Record<string, Tensor>) =>
    tf.engine().runKernel(kernel, inputs, { ...attributes } as never) as Tensor;
  const convolve = tf.customGrad((...inputs) => {
    const [input, weight, save] = inputs as unknown as [Tensor, Tensor, (kept: Tensor[]) => void];
    save([input, weight]);
    return {
      value: run(groupedKernels.forward, { x: input, filter: weight }),
      gradFunc: (dy: Tensor, saved: Tensor[]) => [
        run(groupedKernels.inputGradient, { dy, filter: saved[1]! }),
        run(groupedKernels.filterGradient, { x: saved[0]!, dy }),
      ],
    };
  });
  return convolve(x, filter);
}

/** Height and width of y. */
export function groupedOutput({
  inputShape,
  filterShape,
  strides,
  dilations,
  pads,
}: GroupedAttributes): Pair {
  const along = (axis: 0 | 1) => {
    const padded = inputShape[1 + axis]! + pads[axis] + pads[2 + axis]!;
    return Math.floor((padded - dilations[axis] * (filterShape[axis] - 1) - 1) / strides[axis]) + 1;
  };
  return [along(0), along(1)];
}
