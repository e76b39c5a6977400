import { backend_util } from '@tensorflow/tfjs';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, CHANNELS_OUTERMOST, FILTER, type Value } from '../value.js';
import { type Translation, translation, UntranslatedKernelError } from './kernel.js';

type Shape4D = [number, number, number, number];
type Info = backend_util.Conv2DInfo;

export interface ConvolutionAttributes {
  readonly strides: [number, number];
  readonly pad: Parameters<typeof backend_util.computeConv2DInfo>[4];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly dilations?: [number, number] | number;
}

/** Sizes of the convolution that these kernels belong to. */
export function convolutionSizes(
  trace: Trace,
  input: readonly number[],
  filter: readonly number[],
  { strides, pad, dilations, dimRoundingMode }: ConvolutionAttributes,
): Info {
  const info = backend_util.computeConv2DInfo(
    input as Shape4D,
    filter as Shape4D,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
  );
  if (info.dilationHeight !== 1 || info.dilationWidth !== 1)
    throw new UntranslatedKernelError(trace, 'Conv2D with dilation');
  return info;
}

const window = (info: Info) => ({
  kernel_shape: [info.filterHeight, info.filterWidth],
  strides: [info.strideHeight, info.strideWidth],
  pads: [info.padInfo.top, info.padInfo.left, info.padInfo.bottom, info.padInfo.right],
});

/** @throws UntranslatedKernelError where the fused kernel is asked for an activation, too */
export function requireLinear(trace: Trace, { activation }: { readonly activation?: string }): void {
  if (activation !== undefined && activation !== 'linear')
    throw new UntranslatedKernelError(trace, `FusedConv2D with activation ${activation}`);
}

/** y = filter ⋆ x, plus a bias for each channel in the fused kernel. */
const conv2d = translation<ConvolutionAttributes & { activation?: string }>(
  (trace, { x, filter, bias }, attributes) => {
    requireLinear(trace, attributes);
    const info = convolutionSizes(trace, x!.shape, filter!.shape, attributes);
    const inputs = [
      trace.stored(x!, CHANNELS_FIRST),
      trace.stored(filter!, FILTER),
      ...(bias ? [trace.natural(bias)] : []),
    ];
    return trace.value(trace.graph.node('Conv', inputs, window(info)), info.outShape, {
      order: CHANNELS_FIRST,
    });
  },
);

/** dx, the transposed convolution of dy. */
const inputGradient = translation<ConvolutionAttributes & { inputShape: Shape4D }>(
  (trace, { dy, filter }, attributes) => {
    const info = convolutionSizes(trace, attributes.inputShape, filter!.shape, attributes);
    const { padInfo: p, filterHeight, filterWidth, strideHeight, strideWidth } = info;
    const source = trace.stored(dy!, CHANNELS_FIRST);
    const pads = [
      filterHeight - 1 - p.top,
      filterWidth - 1 - p.left,
      filterHeight - 1 - p.bottom,
      filterWidth - 1 - p.right,
    ];
    const isPlain = strideHeight === 1 && strideWidth === 1 && pads.every((pad) => pad >= 0);
    const name = isPlain
      ? trace.graph.node('Conv', [source, flipped(trace, filter!, info)], {
          kernel_shape: [filterHeight, filterWidth],
          pads,
        })
      : trace.graph.node('ConvTranspose', [source, trace.stored(filter!, FILTER)], {
          ...window(info),
          // Rows and columns at the end that no window reached.
          output_padding: [
            (info.inHeight + p.top + p.bottom - filterHeight) % strideHeight,
            (info.inWidth + p.left + p.right - filterWidth) % strideWidth,
          ],
        });
    return trace.value(name, attributes.inputShape, { order: CHANNELS_FIRST });
  },
);

/**
 * The filter turned by half a turn, inputs and outputs swapped: with it, the gradient of a convolution with stride 1 is a
 * convolution, which ONNX Runtime computes faster than a ConvTranspose.
 */
function flipped(trace: Trace, filter: Value, info: Info): string {
  const { graph } = trace;
  const swapped = trace.stored(filter, [2, 3, 0, 1]);
  if (info.filterHeight === 1 && info.filterWidth === 1) return swapped;
  const beforeStart = Number.MIN_SAFE_INTEGER;
  return graph.node('Slice', [
    swapped,
    graph.int64s([-1, -1]),
    graph.int64s([beforeStart, beforeStart]),
    graph.int64s([2, 3]),
    graph.int64s([-1, -1]),
  ]);
}

/** dw[o, i, a, b] = Σ over images n and positions (h, w) of dy[n, o, h, w] · x[n, i, h·stride + a, w·stride + b] */
const filterGradient = translation<ConvolutionAttributes & { filterShape: Shape4D }>(
  (trace, { x, dy }, attributes) => {
    const info = convolutionSizes(trace, x!.shape, attributes.filterShape, attributes);
    // Few input channels make the products below too narrow to be worth their copies.
    const name = info.inChannels < 8 ? byConvolution(trace, x!, dy!, info) : byProducts(trace, x!, dy!, info);
    return trace.value(name, attributes.filterShape, { order: FILTER });
  },
);

/** The batch plays the channels: convolve x [in, batch, …] with dy [out, batch, …], dilated by the stride. */
function byConvolution(trace: Trace, x: Value, dy: Value, info: Info): string {
  const { graph } = trace;
  const { padInfo: p } = info;
  const swapped = (value: Value) => trace.stored(value, CHANNELS_OUTERMOST);
  const full = graph.node('Conv', [swapped(x), swapped(dy)], {
    kernel_shape: [info.outHeight, info.outWidth],
    dilations: [info.strideHeight, info.strideWidth],
    pads: [p.top, p.left, p.bottom, p.right],
  });
  // Input that no window reached makes the result larger than the filter.
  const gradient = graph.node('Slice', [
    full,
    graph.int64s([0, 0]),
    graph.int64s([info.filterHeight, info.filterWidth]),
    graph.int64s([2, 3]),
  ]);
  return graph.node('Transpose', [gradient], { perm: [1, 0, 2, 3] });
}

/** One matrix product for each pixel of the window: dy [out, positions] · x [positions, in]. */
function byProducts(trace: Trace, x: Value, dy: Value, info: Info): string {
  const { graph } = trace;
  const { padInfo: p, filterHeight, filterWidth, inChannels, outChannels } = info;
  const positions = info.batchSize * info.outHeight * info.outWidth;
  const rows = graph.node('Reshape', [
    trace.stored(dy, CHANNELS_OUTERMOST),
    graph.int64s([outChannels, positions]),
  ]);
  const natural = trace.natural(x);
  const isPadded = p.top + p.bottom + p.left + p.right > 0;
  const padded = isPadded
    ? graph.node('Pad', [natural, graph.int64s([0, p.top, p.left, 0, 0, p.bottom, p.right, 0])])
    : natural;
  const isWhole =
    filterHeight === 1 && filterWidth === 1 && info.strideHeight === 1 && info.strideWidth === 1 && !isPadded;
  const parts: string[] = [];
  for (let a = 0; a < filterHeight; a++) {
    for (let b = 0; b < filterWidth; b++) {
      const ends = [
        a + (info.outHeight - 1) * info.strideHeight + 1,
        b + (info.outWidth - 1) * info.strideWidth + 1,
      ];
      const seen = isWhole
        ? padded
        : graph.node('Slice', [
            padded,
            graph.int64s([a, b]),
            graph.int64s(ends),
            graph.int64s([1, 2]),
            graph.int64s([info.strideHeight, info.strideWidth]),
          ]);
      parts.push(
        graph.node('MatMul', [rows, graph.node('Reshape', [seen, graph.int64s([positions, inChannels])])]),
      );
    }
  }
  const shape = graph.int64s([outChannels, inChannels, filterHeight, filterWidth]);
  if (parts.length === 1) return graph.node('Reshape', [parts[0]!, shape]);
  const stacked = graph.node(
    'Concat',
    parts.map((part) => graph.node('Reshape', [part, graph.int64s([outChannels, inChannels, 1])])),
    { axis: 2 },
  );
  return graph.node('Reshape', [stacked, shape]);
}

export const convolutions: Readonly<Record<string, Translation>> = {
  Conv2D: conv2d,
  FusedConv2D: conv2d,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
};
