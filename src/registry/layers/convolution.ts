import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Pair, Tf } from '../schema.js';
import { type Activation, activate } from './activation.js';
import { groupedConvolution } from './grouped_convolution.js';
import { type LayerContext, type LayerPlan, OptionError, uniformParameter } from './layer.js';
import { explicitPadding, type Padding, reach, windowOutput } from './window.js';

/** A 2-D convolution (cross-correlation), as `torch.nn.Conv2d`, of any number of filters. */
export interface Convolution {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  readonly groups: number;
  readonly bias: boolean;
  readonly activation: Activation;
}

/** @throws OptionError where the groups or the window do not fit */
export function planConvolution(
  c: Convolution,
  filters: number,
  [channels, height, width]: readonly [number, number, number],
): LayerPlan {
  if (channels % c.groups !== 0 || filters % c.groups !== 0) {
    const expected = `a divisor of its ${channels} input channels and ${filters} filters`;
    throw new OptionError('groups', expected, String(c.groups));
  }
  const window = reach(c.kernel, c.dilation);
  const [outHeight, outWidth] = windowOutput(height, width, window, c.stride, c.padding);
  const fanIn = (channels / c.groups) * c.kernel[0] * c.kernel[1];
  const bound = 1 / Math.sqrt(fanIn);
  const weight = uniformParameter('weight', [filters, channels / c.groups, ...c.kernel], bound);
  const bias = uniformParameter('bias', [filters], bound);
  return {
    output: [filters, outHeight, outWidth],
    tensors: c.bias ? [weight, bias] : [weight],
    macs: filters * fanIn * outHeight * outWidth,
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
  convolution: Convolution,
  tensors: readonly Tensors[],
  x: Tensor,
): Tensor[] {
  return tf.split(
    activate(tf, convolution.activation, convolve(tf, convolution, tensors, x)),
    tensors.map((tensor) => tensor('weight').shape[0]!),
    3,
  );
}

/** Whether the two differ in their filters alone, and each filter reads all channels. */
export function areSideBySide(a: Convolution, b: Convolution): boolean {
  return a.groups === 1 && JSON.stringify(a) === JSON.stringify(b);
}

function convolve(tf: Tf, c: Convolution, tensors: readonly Tensors[], x: Tensor): Tensor {
  const joined = (name: string): Tensor =>
    tensors.length === 1
      ? tensors[0]!(name)
      : tf.concat(
          tensors.map((tensor) => tensor(name)),
          0,
        );
  const filter = tf.transpose(joined('weight'), [2, 3, 1, 0]) as Tensor4D;
  if (c.groups > 1 || c.dilation.some((distance) => distance > 1)) {
    const y = groupedConvolution(tf, c, x, filter);
    return c.bias ? tf.add(y, joined('bias')) : y;
  }
  return tf.fused.conv2d({
    x: x as Tensor4D,
    filter,
    strides: [...c.stride],
    pad: explicitPadding(c.padding),
    ...(c.bias && { bias: joined('bias') }),
  });
}
