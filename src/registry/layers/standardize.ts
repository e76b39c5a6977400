import type { Tensor } from '@tensorflow/tfjs';
import type { Tf } from '../schema.js';

/**
 * x̂ = (x − mean) / √(var + eps), mean and biased variance over one axis of each of the others' places. The gradient is
 * written out, as that of the composition would take twice as many passes:
 * dx = 1/σ · (dx̂ − mean(dx̂) − x̂ · mean(dx̂ · x̂)).
 */
export function standardize(tf: Tf, x: Tensor, axis: number, eps: number): Tensor {
  const mean = (value: Tensor) => tf.mean(value, axis, true);
  return tf.customGrad((...inputs) => {
    const [given, save] = inputs as unknown as [Tensor, (kept: Tensor[]) => void];
    const centred = tf.sub(given, mean(given));
    const inverse = tf.div(1, tf.sqrt(tf.add(mean(tf.square(centred)), eps)));
    const hat = tf.mul(centred, inverse);
    save([hat, inverse]);
    return {
      value: hat,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [h, i] = saved as [Tensor, Tensor];
        return tf.mul(tf.sub(tf.sub(dy, mean(dy)), tf.mul(h, mean(tf.mul(dy, h)))), i);
      },
    };
  })(x);
}
