import type { TObject } from '@sinclair/typebox';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { type Tf, Type } from '../schema.js';

/** A loss of each example [batch] from logits [batch, classes] and int32 labels [batch]. */
interface LossEntry {
  readonly schema: TObject;
  perExample(tf: Tf, logits: Tensor, labels: Tensor): Tensor;
}

/** −log softmax(logits)[label], as torch.nn.CrossEntropyLoss before its mean. */
const crossEntropy = {
  schema: Type.Object(
    {
      type: Type.Literal('cross_entropy', { description: 'Cross-entropy with the softmax of the outputs.' }),
    },
    { additionalProperties: false },
  ),
  perExample: (tf: Tf, logits: Tensor, labels: Tensor): Tensor => {
    const chosen = tf.oneHot(labels as Tensor1D, logits.shape[1]!);
    return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits as Tensor2D), tf.cast(chosen, 'float32')), 1));
  },
} satisfies LossEntry;

/** Every loss, by the `type` that a config names. */
export const losses = { cross_entropy: crossEntropy } as const satisfies Record<string, LossEntry>;
