import { nullable, Type } from '../schema.js';
import { binaryCrossEntropyOfEach } from './binary_cross_entropy.js';
import { defineLoss, smoothedTargets } from './loss.js';

/**
 * Focal loss (Lin et al. 2017) of each output, its class against all others, as torchvision.ops.sigmoid_focal_loss with
 * reduction "mean": α_t (1 − p_t)^γ · binary cross-entropy, the mean over images and classes.
 */
export const focal = defineLoss({
  schema: Type.Object(
    {
      type: Type.Literal('focal', {
        description:
          'Focal loss of each output, its class against all others, as torchvision.ops.sigmoid_focal_loss: the mean over images and classes.',
      }),
      gamma: Type.Optional(
        Type.Number({
          minimum: 0,
          default: 2,
          description: 'Power of (1 − p): how much less an output counts that is right already.',
        }),
      ),
      alpha: Type.Optional(
        nullable(
          Type.Number({
            minimum: 0,
            maximum: 1,
            description:
              "Weight of the image's own class; that of the others is 1 − alpha. null weighs none.",
          }),
          { default: 0.25 },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  // (1 − p)^γ asks how right an output is, which a share in between leaves open.
  softTargets: false,
  describe: ({ gamma, alpha }) => `focal loss, gamma ${gamma}${alpha === null ? '' : `, alpha ${alpha}`}`,
  ofBatch: (tf, { gamma, alpha }, inputs) => {
    const { logits } = inputs;
    const targets = smoothedTargets(tf, inputs, 0);
    const others = tf.sub(1, targets);
    const entropy = binaryCrossEntropyOfEach(tf, logits, targets);
    // 1 − p_t is the probability of the opposite: its logarithm is that target's cross-entropy, negated.
    const modulated =
      gamma === 0
        ? entropy
        : tf.mul(entropy, tf.exp(tf.mul(binaryCrossEntropyOfEach(tf, logits, others), -gamma)));
    if (alpha === null) return tf.mean(modulated);
    return tf.mean(tf.mul(modulated, tf.add(tf.mul(targets, alpha), tf.mul(others, 1 - alpha))));
  },
});
