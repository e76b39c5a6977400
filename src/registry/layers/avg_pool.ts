import type { Tensor4D } from '@tensorflow/tfjs';
import { defineLayer } from './layer.js';
import { planPooling, poolingSchema, poolingWindow } from './pooling.js';
import { explicitPadding } from './window.js';

/** The mean of each window, as torch.nn.AvgPool2d: zeros of the padding count (count_include_pad). */
export const avgPool = defineLayer({
  schema: poolingSchema('avg_pool', 'Average pooling, as torch.nn.AvgPool2d; zeros of the padding count.'),
  plan: planPooling,
  forward: (tf, options, _context, x) => {
    const { kernel, stride, padding } = poolingWindow(options);
    // TensorFlow.js leaves its padding out of the mean: pad first.
    const padded = Object.values(padding).some((p) => p > 0) ? tf.pad(x, explicitPadding(padding)) : x;
    return tf.avgPool(padded as Tensor4D, kernel, stride, 'valid');
  },
});
