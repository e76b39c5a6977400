import type { Tensor, Tensor4D } from '@tensorflow/tfjs';
import type { Tf } from '../../registry/schema.js';

type Padding = Parameters<Tf['conv2d']>[3];

interface FilterGradientAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly filterShape: [number, number, number, number];
}

/**
 * Gives the wasm backend the Conv2DBackpropFilter kernel that it lacks, made of its own kernels. For each pixel (a, b)
 * of the window: dw[a, b] = x[:, a + i·stride, b + j·stride, :]ᵀ · dy, summed over images and positions (i, j).
 */
export function registerFilterGradient(tf: Tf): void {
  if (tf.getKernel('Conv2DBackpropFilter', 'wasm')) return;
  tf.registerKernel({
    kernelName: 'Conv2DBackpropFilter',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs }) =>
      filterGradient(
        tf,
        inputs.x as Tensor4D,
        inputs.dy as Tensor4D,
        attrs as unknown as FilterGradientAttributes,
      ),
  });
}

function filterGradient(
  tf: Tf,
  x: Tensor4D,
  dy: Tensor4D,
  { strides, pad, filterShape }: FilterGradientAttributes,
): Tensor {
  const { padInfo, outHeight, outWidth, strideHeight, strideWidth } = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    1,
    pad as 'same',
  );
  const [height, width, channelsIn, channelsOut] = filterShape;
  return tf.tidy(() => {
    const padded = tf.pad(x, [
      [0, 0],
      [padInfo.top, padInfo.bottom],
      [padInfo.left, padInfo.right],
      [0, 0],
    ]);
    const positions = tf.reshape(dy, [-1, channelsOut]);
    const parts: Tensor[] = [];
    for (let a = 0; a < height; a++) {
      for (let b = 0; b < width; b++) {
        const end = [
          x.shape[0],
          a + (outHeight - 1) * strideHeight + 1,
          b + (outWidth - 1) * strideWidth + 1,
          channelsIn,
        ];
        const seen = tf.stridedSlice(padded, [0, a, b, 0], end, [1, strideHeight, strideWidth, 1]);
        parts.push(tf.matMul(tf.reshape(seen, [-1, channelsIn]), positions, true, false));
      }
    }
    return tf.reshape(tf.stack(parts), filterShape);
  });
}
