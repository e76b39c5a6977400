import type { TObject } from '@sinclair/typebox';
import { nullable, type Pair, pair, sizeOrPair, Type } from '../schema.js';
import { featureMap, type LayerPlan, OptionError, type Shape, unnamedLayerFields } from './layer.js';
import { type Padding, symmetricPadding, windowOutput } from './window.js';

/** The schema of a pooling layer. */
export function poolingSchema<T extends string>(type: T, description: string) {
  return Type.Object(
    {
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
    },
    { additionalProperties: false },
  ) satisfies TObject;
}

interface PoolingOptions {
  readonly kernel: number | Pair;
  readonly stride: number | Pair | null;
  readonly padding: number | Pair;
}

export function poolingWindow(options: PoolingOptions): {
  kernel: [number, number];
  stride: [number, number];
  padding: Padding;
} {
  const kernel = pair(options.kernel);
  const padding = pair(options.padding);
  // PyTorch's own bound: beyond it a window could lie in the padding alone.
  if (padding[0] > kernel[0] / 2 || padding[1] > kernel[1] / 2) {
    throw new OptionError(
      'padding',
      `at most half of the ${kernel[0]} × ${kernel[1]} window`,
      String(options.padding),
    );
  }
  return {
    kernel: [...kernel],
    stride: [...pair(options.stride ?? kernel)],
    padding: symmetricPadding(padding),
  };
}

export function planPooling(options: PoolingOptions, input: Shape): LayerPlan {
  const [channels, height, width] = featureMap(input);
  const { kernel, stride, padding } = poolingWindow(options);
  return {
    output: [channels, ...windowOutput(height, width, kernel, stride, padding)],
    tensors: [],
    macs: 0,
    mask: null,
  };
}
