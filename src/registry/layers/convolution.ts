import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Pair, Tf } from '../schema.js';
import { type Activation, activate } from './activation.js';
import { type LayerContext, type LayerPlan, type Shape, uniformParameter } from './layer.js';
import { explicitPadding, type Padding, windowOutput } from './window.js';

/** A 2-D convolution (cross-correlation, dilation 1, one group), as `torch.nn.Conv2d`. */
export interface Convolution {
  /** Goes before the parameters' names: '' or 'conv3x3.'. */
  readonly prefix: string;
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
  const weight = uniformParameter(`${c.prefix}weight`, [c.filters, channels, ...c.kernel], bound);
  const bias = uniformParameter(`${c.prefix}bias`, [c.filters], bound);
  return {
    output: [c.filters, outHeight, outWidth],
    tensors: c.bias ? [weight, bias] : [weight],
    macs: c.filters * fanIn * outHeight * outWidth,
    mask: null,
  };
}

export function forwardConvolution(tf: Tf, c: Convolution, context: LayerContext, x: Tensor): Tensor {
  return forwardSideBySide(tf, [c], context, x)[0]!;
}

/**
 * Convolutions of one input that differ in their filters alone, computed as one: it reads its input once, and its
 * matrix product is larger.
 */
export function forwardSideBySide(
  tf: Tf,
  convolutions: readonly [Convolution, ...Convolution[]],
  { tensor }: LayerContext,
  x: Tensor,
): Tensor[] {
  const [first] = convolutions;
  const joined = (name: string): Tensor => {
    const tensors = convolutions.map(({ prefix }) => tensor(`${prefix}${name}`));
    return tensors.length === 1 ? tensors[0]! : tf.concat(tensors, 0);
  };
  const y = tf.fused.conv2d({
    x: x as Tensor4D,
    filter: tf.transpose(joined('weight'), [2, 3, 1, 0]) as Tensor4D,
    strides: [...first.stride],
    pad: explicitPadding(first.padding),
    ...(first.bias && { bias: joined('bias') }),
  });
  const activated = activate(tf, first.activation, y);
  if (convolutions.length === 1) return [activated];
  return tf.split(
    activated,
    convolutions.map(({ filters }) => filters),
    3,
  );
}

/** Plans of layers on one input, as one: their outputs are concatenated over the channels. */
export function concatenatePlans(plans: readonly LayerPlan[]): LayerPlan {
  const [, height, width] = plans[0]!.output as readonly [number, number, number];
  const channels = plans.reduce((sum, plan) => sum + plan.output[0], 0);
  const output: Shape = [channels, height, width];
  return {
    output,
    tensors: plans.flatMap((plan) => plan.tensors),
    macs: plans.reduce((sum, plan) => sum + plan.macs, 0),
    mask: null,
  };
}
