import type { Tensor } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';
import { defineLoss, labelSmoothingField, smoothedTargets, smoothingWords } from './loss.js';

/**
 * −t·log σ(x) − (1 − t)·log(1 − σ(x)) of each output, in the form max(x, 0) − x·t + log(1 + e^−|x|), which does not
 * overflow; as torch.nn.BCEWithLogitsLoss before its mean.
 */
export function binaryCrossEntropyOfEach(tf: Tf, logits: Tensor, targets: Tensor): Tensor {
  const rest = tf.log(tf.add(tf.exp(tf.neg(tf.abs(logits))), 1));
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, targets)), rest);
}

/** Each output against "is it this class?", one against all others: the mean over images and classes. */
export const binaryCrossEntropy = defineLoss({
  schema: Type.Object(
    {
      type: Type.Literal('binary_cross_entropy', {
        description:
          'Binary cross-entropy of each output, its class against all others, as torch.nn.BCEWithLogitsLoss: the mean over images and classes.',
      }),
      label_smoothing: labelSmoothingField,
    },
    { additionalProperties: false },
  ),
  softTargets: true,
  describe: ({ label_smoothing }) => `binary cross-entropy${smoothingWords(label_smoothing)}`,
  ofBatch: (tf, { label_smoothing }, inputs) =>
    tf.mean(binaryCrossEntropyOfEach(tf, inputs.logits, smoothedTargets(tf, inputs, label_smoothing))),
});
