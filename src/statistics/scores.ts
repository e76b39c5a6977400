import { type Static, Type } from '@sinclair/typebox';
import { classScores, confusionMatrix, macroMean } from './classification.js';

/** What a classifier says of images. */
export interface Classified {
  /** True classes, [count]. */
  readonly labels: Int32Array;
  /** The most probable classes, [count]. */
  readonly predicted: Int32Array;
  /** [count, classes], or that of the predicted class alone, [count]. */
  readonly probabilities: Float32Array;
}

export const ScoresSchema = Type.Object({
  top5_accuracy: Type.Optional(Type.Number()),
  balanced_accuracy: Type.Number(),
  macro_precision: Type.Number(),
  macro_f1: Type.Number(),
  calibration_error: Type.Number(),
});

/**
 * Scores beside loss and accuracy, from 0 to 1.
 * - `top5_accuracy`: share of the images whose true class is among the five most probable ones; only where there are
 *   more classes.
 * - `balanced_accuracy`: mean over the classes that have images of the share that is recognized, scikit-learn's
 *   `balanced_accuracy_score`.
 * - `macro_precision`, `macro_f1`: means over the classes, scikit-learn's `average="macro", zero_division=0`.
 * - `calibration_error`: expected calibration error over 15 bins of confidence (Guo et al. 2017).
 */
export type Scores = Readonly<Static<typeof ScoresSchema>>;

const TOP = 5;
/** Of confidences, equally wide: (0, 1/15], (1/15, 2/15] … (Guo et al. 2017, as torchmetrics). */
const BINS = 15;

/** @param classified with all probabilities, of one image at least */
export function scoresOf(classified: Classified): Scores {
  const { labels, predicted, probabilities } = classified;
  const classes = probabilities.length / labels.length;
  const each = classScores(confusionMatrix(labels, predicted, classes));
  const confidences = Float32Array.from(predicted, (label, image) => probabilities[image * classes + label]!);
  return {
    ...(classes > TOP && { top5_accuracy: topAccuracy(classified, classes, TOP) }),
    balanced_accuracy: macroMean(each.map(({ support, recall }) => (support > 0 ? recall : null)))!,
    macro_precision: macroMean(each.map(({ precision }) => precision))!,
    macro_f1: macroMean(each.map(({ f1 }) => f1))!,
    calibration_error: calibrationError(reliability({ labels, predicted, probabilities: confidences })),
  };
}

/** Of equal probabilities, the first class comes first, as in an arg max. */
function topAccuracy({ labels, probabilities }: Classified, classes: number, top: number): number {
  let hits = 0;
  labels.forEach((label, image) => {
    const row = probabilities.subarray(image * classes, (image + 1) * classes);
    const own = row[label]!;
    let before = 0;
    row.forEach((value, other) => {
      if (value > own || (value === own && other < label)) before++;
    });
    if (before < top) hits++;
  });
  return hits / labels.length;
}

/** The images of which a model is about as certain. */
export interface ReliabilityBin {
  readonly count: number;
  /** Mean probability of their predicted classes. */
  readonly confidence: number;
  /** Share of them that is classified correctly. */
  readonly accuracy: number;
}

/**
 * The bins of confidence that hold images, the least certain first: a reliability diagram.
 * @param classified with the probability of the predicted class alone
 */
export function reliability({ labels, predicted, probabilities }: Classified): ReliabilityBin[] {
  const bins = Array.from({ length: BINS }, () => ({ count: 0, confidence: 0, correct: 0 }));
  // A model that diverges gives NaN, which is in no bin: it is no more certain than the least one.
  probabilities.forEach((confidence, image) => {
    const bin = bins[Math.min(BINS, Math.max(1, Math.ceil(confidence * BINS) || 1)) - 1]!;
    bin.count++;
    bin.confidence += confidence;
    if (predicted[image] === labels[image]) bin.correct++;
  });
  return bins
    .filter(({ count }) => count > 0)
    .map(({ count, confidence, correct }) => ({
      count,
      confidence: confidence / count,
      accuracy: correct / count,
    }));
}

function calibrationError(bins: readonly ReliabilityBin[]): number {
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  return bins.reduce(
    (sum, { count, confidence, accuracy }) => sum + (count / total) * Math.abs(accuracy - confidence),
    0,
  );
}
