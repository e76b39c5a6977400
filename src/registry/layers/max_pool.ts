import type { Tensor4D } from '@tensorflow/tfjs';
import { Type } from '../schema.js';
import { defineLayer } from './layer.js';
import { planPooling, poolingFields, poolingWindow } from './pooling.js';
import { explicitPadding } from './window.js';

/** The largest value of each window, as torch.nn.MaxPool2d; padding never wins. */
export const maxPool = defineLayer({
  schema: Type.Object(poolingFields('max_pool', 'Max pooling, as torch.nn.MaxPool2d.'), {
    additionalProperties: false,
  }),
  plan: planPooling,
  forward: (tf, options, { input }, x) => {
    const { kernel, stride, padding } = poolingWindow(options, input);
    return tf.maxPool(x as Tensor4D, kernel, stride, explicitPadding(padding));
  },
});
