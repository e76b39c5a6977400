import { nullable, type Pair, pair, sizeOrPair, Type } from '../schema.js';
import { featureMap, type LayerPlan, OptionError, type Shape, unnamedLayerFields } from './layer.js';
import { type Padding, windowOutput } from './window.js';

/** The options of every pooling layer. */
export function poolingFields<T extends string>(type: T, description: string) {
  return {
    ...unnamedLayerFields(type, description),
    kernel: sizeOrPair(1, { description: 'Window in pixels: one number, or [height, width].' }),
    stride: Type.Optional(
      nullable(
        sizeOrPair(1, { description: 'Step of the window in pixels; null takes the size of the window.' }),
        {
          default: null,
        },
      ),
    ),
    padding: Type.Optional(
      sizeOrPair(0, { default: 0, description: 'Pixels added on each side; at most half of the window.' }),
    ),
    ceil_mode: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether pixels that are left over below and on the right have a window of their own, which reaches beyond the padding.',
      }),
    ),
  };
}

export interface PoolingOptions {
  readonly kernel: number | Pair;
  readonly stride: number | Pair | null;
  readonly padding: number | Pair;
  readonly ceil_mode: boolean;
}

export interface PoolingWindow {
  readonly kernel: [number, number];
  readonly stride: [number, number];
  /** What the option says, of each side. */
  readonly given: Pair;
  /** With what windows reach beyond it in ceil_mode. */
  readonly padding: Padding;
}

/** @throws OptionError where a window could lie in the padding alone, PyTorch's own bound */
export function poolingWindow(options: PoolingOptions, input: Shape): PoolingWindow {
  const [, height, width] = featureMap(input);
  const kernel = pair(options.kernel);
  const stride = pair(options.stride ?? kernel);
  const given = pair(options.padding);
  if (given[0] > kernel[0] / 2 || given[1] > kernel[1] / 2) {
    throw new OptionError(
      'padding',
      `at most half of the ${kernel[0]} × ${kernel[1]} window`,
      String(options.padding),
    );
  }
  const end = (axis: 0 | 1, size: number) => {
    if (!options.ceil_mode) return given[axis];
    let steps = Math.ceil((size + 2 * given[axis] - kernel[axis]) / stride[axis]);
    // The last window begins in the input or in the padding before it.
    if (steps * stride[axis] >= size + given[axis]) steps--;
    return Math.max(given[axis], steps * stride[axis] + kernel[axis] - size - given[axis]);
  };
  const padding = { top: given[0], bottom: end(0, height), left: given[1], right: end(1, width) };
  return { kernel: [...kernel], stride: [...stride], given, padding };
}

export function planPooling(options: PoolingOptions, input: Shape): LayerPlan {
  const [channels, height, width] = featureMap(input);
  const { kernel, stride, padding } = poolingWindow(options, input);
  return {
    output: [channels, ...windowOutput(height, width, kernel, stride, padding)],
    tensors: [],
    macs: 0,
    mask: null,
  };
}
