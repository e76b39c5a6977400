import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';
import { defineLoss, labelSmoothingField, smoothedTargets, smoothingWords } from './loss.js';

/** −log softmax(logits)[label] of each image, float32 [batch], as torch.nn.CrossEntropyLoss before its mean. */
export function crossEntropyOfEach(tf: Tf, logits: Tensor, labels: Tensor): Tensor {
  const chosen = tf.oneHot(labels as Tensor1D, logits.shape[1]!);
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits as Tensor2D), tf.cast(chosen, 'float32')), 1));
}

/**
 * Cross-entropy with the softmax, as torch.nn.CrossEntropyLoss: with class weights, the sum over the batch is divided by the
 * sum of its labels' weights; smoothed targets are weighted class by class.
 */
export const crossEntropy = defineLoss({
  schema: Type.Object(
    {
      type: Type.Literal('cross_entropy', {
        description: 'Cross-entropy with the softmax of the outputs, as torch.nn.CrossEntropyLoss.',
      }),
      label_smoothing: labelSmoothingField,
      class_weights: Type.Optional(
        Type.Unsafe<readonly number[] | 'balanced' | null>({
          type: ['array', 'string', 'null'],
          items: { type: 'number', exclusiveMinimum: 0 },
          minItems: 1,
          pattern: '^(balanced)$',
          default: null,
          description:
            'How much the images of each class count: a list with a number for each; balanced: training images / (classes · those of the class); null: all alike.',
        }),
      ),
    },
    { additionalProperties: false },
  ),
  softTargets: true,
  describe: ({ label_smoothing, class_weights }) => {
    const weighted = class_weights === 'balanced' ? ', balanced class weights' : ', class weights';
    return `cross-entropy${smoothingWords(label_smoothing)}${class_weights === null ? '' : weighted}`;
  },
  ofBatch: (tf, { label_smoothing }, inputs) => {
    const { logits, labels, targets: shares, classWeights } = inputs;
    if (label_smoothing === 0 && classWeights === null && !shares)
      return tf.mean(crossEntropyOfEach(tf, logits, labels));
    const targets = smoothedTargets(tf, inputs, label_smoothing);
    const ofClasses = tf.mul(tf.logSoftmax(logits as Tensor2D), targets);
    if (classWeights === null) return tf.mean(tf.neg(tf.sum(ofClasses, 1)));
    const weights = tf.tensor2d([...classWeights], [1, classWeights.length]);
    // As torch: with shares of classes in place of a label, the divisor is the number of images.
    if (shares) return tf.neg(tf.mean(tf.sum(tf.mul(ofClasses, weights), 1)));
    const ofLabels = tf.mul(smoothedTargets(tf, inputs, 0), weights);
    return tf.neg(tf.div(tf.sum(tf.mul(ofClasses, weights)), tf.sum(ofLabels)));
  },
});
