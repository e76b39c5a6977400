import type { Static, TObject } from '@sinclair/typebox';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs';
import type { Resolved, Tf } from '../schema.js';
import { Type } from '../schema.js';

/** What a loss of a batch is computed from. */
export interface LossInputs {
  /** float32 [batch, classes]. */
  readonly logits: Tensor;
  /** Class numbers, int32 [batch]. */
  readonly labels: Tensor;
  /** Shares of each class, float32 [batch, classes]; where absent, each label has all of it. */
  readonly targets?: Tensor;
  /** A weight for each class; null where all count alike. */
  readonly classWeights: readonly number[] | null;
}

/** What training makes small. Evaluation tells the cross-entropy of each image, whatever the model was trained with. */
export interface LossEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** Whether targets may be shares of several classes. */
  readonly softTargets: boolean;
  /** What it is with these options, in words. */
  describe(options: Resolved<Static<S>>): string;
  /** The loss of a batch, float32 []; how it reduces the batch to one number is its own. */
  ofBatch(tf: Tf, options: Resolved<Static<S>>, inputs: LossInputs): Tensor;
}

/** Ties an entry's functions to the type of its own schema. */
export function defineLoss<S extends TObject>(entry: LossEntry<S>): LossEntry<S> {
  return entry;
}

export const labelSmoothingField = Type.Optional(
  Type.Number({
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description:
      'Share ε of a target that is spread over all classes: (1 − ε) for the label, and ε / classes for each class.',
  }),
);

/** The rows of the targets, float32 [batch, classes]: (1 − ε)δ + ε/K (Szegedy et al. 2015, section 7). */
export function smoothedTargets(tf: Tf, { logits, labels, targets }: LossInputs, smoothing: number): Tensor {
  const classes = logits.shape[1]!;
  const chosen = targets ?? tf.cast(tf.oneHot(labels as Tensor1D, classes), 'float32');
  return smoothing === 0 ? chosen : tf.add(tf.mul(chosen, 1 - smoothing), smoothing / classes);
}

/** ", label smoothing 0.1" where there is any. */
export const smoothingWords = (smoothing: number): string =>
  smoothing === 0 ? '' : `, label smoothing ${smoothing}`;
