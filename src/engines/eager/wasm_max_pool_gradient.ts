import type { Tensor4D } from '@tensorflow/tfjs';
import type { Tf } from '../../registry/schema.js';

type PoolInfo = ReturnType<Tf['backend_util']['computePool2DInfo']>;

interface MaxPoolGradientAttributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: Parameters<Tf['maxPool']>[3];
}

/**
 * Replaces the MaxPoolGrad kernel of the wasm backend, which (in 4.22) loses the gradient of every window without a
 * value above 0 and takes the last of several maxima, where PyTorch takes the first.
 */
export function registerMaxPoolGradient(tf: Tf): void {
  const kernel = { kernelName: 'MaxPoolGrad', backendName: 'wasm' };
  tf.unregisterKernel(kernel.kernelName, kernel.backendName);
  tf.registerKernel({
    ...kernel,
    kernelFunc: ({ inputs, attrs }) => {
      const [x, dy] = [inputs.input as Tensor4D, inputs.dy as Tensor4D];
      const { filterSize, strides, pad } = attrs as unknown as MaxPoolGradientAttributes;
      const info = tf.backend_util.computePool2DInfo(x.shape, filterSize, strides, 1, pad as 'same');
      return tf.tensor(maxPoolGradient(x.dataSync(), dy.dataSync(), info), x.shape);
    },
  });
}

/** dx [batch, height, width, channels]: each dy goes to the first of the largest values in its window. */
function maxPoolGradient(x: ArrayLike<number>, dy: ArrayLike<number>, info: PoolInfo): Float32Array {
  const { batchSize, inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const dx = new Float32Array(x.length);
  let target = 0;
  for (let image = 0; image < batchSize; image++) {
    for (let row = 0; row < outHeight; row++) {
      const top = row * info.strideHeight - padInfo.top;
      const bottom = Math.min(inHeight, top + info.filterHeight);
      for (let column = 0; column < outWidth; column++) {
        const left = column * info.strideWidth - padInfo.left;
        const right = Math.min(inWidth, left + info.filterWidth);
        for (let channel = 0; channel < inChannels; channel++) {
          let best = -1;
          for (let y = Math.max(0, top); y < bottom; y++) {
            for (let z = Math.max(0, left); z < right; z++) {
              const index = ((image * inHeight + y) * inWidth + z) * inChannels + channel;
              if (best === -1 || x[index]! > x[best]!) best = index;
            }
          }
          dx[best]! += dy[target++]!;
        }
      }
    }
  }
  return dx;
}
