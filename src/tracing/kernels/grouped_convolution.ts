import {
  type GroupedAttributes,
  groupedKernels,
  groupedOutput,
} from '../../registry/layers/grouped_convolution.js';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, CHANNELS_OUTERMOST, FILTER, type Value } from '../value.js';
import { type Translation, translation } from './kernel.js';

const window = ({ filterShape, strides, dilations, pads, groups }: GroupedAttributes) => ({
  kernel_shape: filterShape.slice(0, 2),
  strides,
  dilations,
  pads,
  group: groups,
});

/** y = filter ⋆ x; each group of filters reads its group of channels. */
const forward = translation<GroupedAttributes>((trace, { x, filter }, attributes) => {
  const inputs = [trace.stored(x!, CHANNELS_FIRST), trace.stored(filter!, FILTER)];
  const [height, width] = groupedOutput(attributes);
  const shape = [attributes.inputShape[0], height, width, attributes.filterShape[3]];
  return trace.value(trace.graph.node('Conv', inputs, window(attributes)), shape, { order: CHANNELS_FIRST });
});

/** dx: with stride 1 a convolution, which ONNX Runtime computes faster than a ConvTranspose. */
const inputGradient = translation<GroupedAttributes>((trace, { dy, filter }, attributes) => {
  const { inputShape, filterShape, strides, dilations, pads } = attributes;
  const source = trace.stored(dy!, CHANNELS_FIRST);
  const reach = ([0, 1] as const).map((axis) => dilations[axis] * (filterShape[axis] - 1));
  const turnedPads = pads.map((pad, side) => reach[side % 2]! - pad);
  const isPlain = strides.every((stride) => stride === 1) && turnedPads.every((pad) => pad >= 0);
  const name = isPlain
    ? trace.graph.node('Conv', [source, turned(trace, filter!, attributes)], {
        ...window(attributes),
        pads: turnedPads,
      })
    : trace.graph.node('ConvTranspose', [source, trace.stored(filter!, FILTER)], {
        ...window(attributes),
        // Rows and columns at the end that no window reached.
        output_padding: ([0, 1] as const).map(
          (axis) => (inputShape[1 + axis]! + pads[axis] + pads[2 + axis]! - reach[axis]! - 1) % strides[axis],
        ),
      });
  return trace.value(name, inputShape, { order: CHANNELS_FIRST });
});

/** The filter turned by half a turn, inputs and outputs of each group swapped. */
function turned(trace: Trace, filter: Value, { filterShape, groups }: GroupedAttributes): string {
  const { graph } = trace;
  const [height, width, inGroup, filters] = filterShape;
  const outGroup = filters / groups;
  const own = trace.stored(filter, FILTER);
  const beforeStart = Number.MIN_SAFE_INTEGER;
  const flipped =
    height === 1 && width === 1
      ? own
      : graph.node('Slice', [
          own,
          graph.int64s([-1, -1]),
          graph.int64s([beforeStart, beforeStart]),
          graph.int64s([2, 3]),
          graph.int64s([-1, -1]),
        ]);
  // In a depthwise filter there is nothing to swap.
  if (inGroup === 1 && outGroup === 1) return flipped;
  const grouped = graph.node('Reshape', [flipped, graph.int64s([groups, outGroup, inGroup, height, width])]);
  const swapped = graph.node('Transpose', [grouped], { perm: [0, 2, 1, 3, 4] });
  return graph.node('Reshape', [swapped, graph.int64s([groups * inGroup, outGroup, height, width])]);
}

/**
 * The gradient of the filter as a convolution in which the batch plays the channels: x [channels of a group, groups ×
 * batch, …] with dy [filters, batch, …], stride and dilation swapped.
 */
const filterGradient = translation<GroupedAttributes>((trace, { x, dy }, attributes) => {
  const { graph } = trace;
  const { inputShape, filterShape, strides, dilations, pads, groups } = attributes;
  const [batch, height, width, channels] = inputShape;
  const inGroup = channels / groups;
  const split = graph.node('Reshape', [
    trace.stored(x!, CHANNELS_FIRST),
    graph.int64s([batch, groups, inGroup, height, width]),
  ]);
  const images = graph.node('Reshape', [
    graph.node('Transpose', [split], { perm: [2, 1, 0, 3, 4] }),
    graph.int64s([inGroup, groups * batch, height, width]),
  ]);
  const full = graph.node('Conv', [images, trace.stored(dy!, CHANNELS_OUTERMOST)], {
    kernel_shape: groupedOutput(attributes),
    strides: dilations,
    dilations: strides,
    pads,
    group: groups,
  });
  // Input that no window reached makes the result larger than the filter.
  const gradient = graph.node('Slice', [
    full,
    graph.int64s([0, 0]),
    graph.int64s(filterShape.slice(0, 2)),
    graph.int64s([2, 3]),
  ]);
  const name = graph.node('Transpose', [gradient], { perm: [1, 0, 2, 3] });
  return trace.value(name, filterShape, { order: FILTER });
});

export const groupedConvolutions: Readonly<Record<string, Translation>> = {
  [groupedKernels.forward]: forward,
  [groupedKernels.inputGradient]: inputGradient,
  [groupedKernels.filterGradient]: filterGradient,
};
