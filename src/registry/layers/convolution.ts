import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Pair, Tf } from '../schema.js';
import { type Activation, activate } from './activation.js';
import { type LayerContext, type LayerPlan, uniformParameter } from './layer.js';
import { explicitPadding, type Padding, windowOutput } from './window.js';

/** A 2-D convolution (cross-correlation, dilation 1, one group), as `torch.nn.Conv2d`. */
export interface Convolution {
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly bias: boolean;
  readonly activation: Activation;
}

export function planConvolution(
  c: Convolution,
  [channels, height, width]: readonly [number, number, number],
): LayerPlan {
  const [outHeight, outWidth] = windowOutput(height, width, c.kernel, c.stride, c.padding);
  const fanIn = channels * c.kernel[0] * c.kernel[1];
  const bound = 1 / Math.sqrt(fanIn);
  const weight = uniformParameter('weight', [c.filters, channels, ...c.kernel], bound);
  const bias = uniformParameter('bias', [c.filters], bound);
  return {
    output: [c.filters, outHeight, outWidth],
    tensors: c.bias ? [weight, bias] : [weight],
    macs: c.filters * fanIn * outHeight * outWidth,
    mask: null,
  };
}

/** The tensors of one layer, by their names in it. */
type Tensors = LayerContext['tensor'];

export function forwardConvolution(tf: Tf, c: Convolution, { tensor }: LayerContext, x: Tensor): Tensor {
  return activate(tf, c.activation, convolve(tf, c, [tensor], x));
}

/**
 * Convolutions of one input that differ in their filters alone, computed as one: it reads its input once, and its
 * matrix product is larger.
 */
export function forwardSideBySide(
  tf: Tf,
  convolutions: readonly [Convolution, Convolution, ...Convolution[]],
  tensors: readonly Tensors[],
  x: Tensor,
): Tensor[] {
  const [first] = convolutions;
  return tf.split(
    activate(tf, first.activation, convolve(tf, first, tensors, x)),
    convolutions.map(({ filters }) => filters),
    3,
  );
}

/** Whether the two differ in their filters alone. */
export function areSideBySide(a: Convolution, b: Convolution): boolean {
  const geometry = ({ filters: _, ...rest }: Convolution) => JSON.stringify(rest);
  return geometry(a) === geometry(b);
}

function convolve(tf: Tf, c: Convolution, tensors: readonly Tensors[], x: Tensor): Tensor {
  const joined = (name: string): Tensor =>
    tensors.length === 1
      ? tensors[0]!(name)
      : tf.concat(
          tensors.map((tensor) => tensor(name)),
          0,
        );
  return tf.fused.conv2d({
    x: x as Tensor4D,
    filter: tf.transpose(joined('weight'), [2, 3, 1, 0]) as Tensor4D,
    strides: [...c.stride],
    pad: explicitPadding(c.padding),
    ...(c.bias && { bias: joined('bias') }),
  });
}
