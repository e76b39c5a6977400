import type { Tensor4D } from '@tensorflow/tfjs';
import { defineLayer } from './layer.js';
import { planPooling, poolingSchema, poolingWindow } from './pooling.js';
import { explicitPadding } from './window.js';

/** The largest value of each window, as torch.nn.MaxPool2d; padding never wins. */
export const maxPool = defineLayer({
  schema: poolingSchema('max_pool', 'Max pooling, as torch.nn.MaxPool2d.'),
  plan: planPooling,
  forward: (tf, options, _context, x) => {
    const { kernel, stride, padding } = poolingWindow(options);
    return tf.maxPool(x as Tensor4D, kernel, stride, explicitPadding(padding));
  },
});
