import type { Pair } from '../schema.js';
import { OptionError } from './layer.js';

/** No image has more pixels a side. */
const MAX_STRIDE = 65_535;

/** Zero padding of a window operation, in pixels. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export function symmetricPadding([vertical, horizontal]: Pair): Padding {
  return { top: vertical, bottom: vertical, left: horizontal, right: horizontal };
}

/** Padding in the form of TensorFlow.js's explicit padding for [batch, height, width, channels]. */
export function explicitPadding(p: Padding): [[0, 0], [number, number], [number, number], [0, 0]] {
  return [
    [0, 0],
    [p.top, p.bottom],
    [p.left, p.right],
    [0, 0],
  ];
}

/** Height and width of what a window with gaps reaches over. */
export function reach(kernel: Pair, dilation: Pair): Pair {
  return [dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1];
}

/**
 * Height and width after a window moves over the padded input: ⌊(size + padding − kernel) / stride⌋ + 1, as PyTorch's
 * Conv2d and pooling have it (a window with gaps is as large as its reach; ceil_mode off).
 * @throws OptionError where the window is larger than the padded input, or the stride than any image.
 */
export function windowOutput(height: number, width: number, kernel: Pair, stride: Pair, p: Padding): Pair {
  if (Math.max(...stride) > MAX_STRIDE) {
    throw new OptionError('stride', `at most ${MAX_STRIDE}`, stride.join(' × '));
  }
  const padded: Pair = [height + p.top + p.bottom, width + p.left + p.right];
  if (kernel[0] > padded[0] || kernel[1] > padded[1]) {
    throw new OptionError(
      'kernel',
      `a window that fits its ${padded[0]} × ${padded[1]} input (${height} × ${width} plus padding)`,
      `${kernel[0]} × ${kernel[1]}`,
    );
  }
  return [
    Math.floor((padded[0] - kernel[0]) / stride[0]) + 1,
    Math.floor((padded[1] - kernel[1]) / stride[1]) + 1,
  ];
}
