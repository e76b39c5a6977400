import { UserError } from '../errors.js';
import type { StoredPredictions } from '../storage/predictions.js';
import { percent } from '../terminal/format.js';

/** What is said of an image whose most probable class is not probable enough. */
export const UNKNOWN = 'unknown';

/** Of the validation images that are not unknown, so many are right where the threshold is chosen on them. */
const TARGET = 0.95;

/** Below which probability an image is unknown: a number from 0 to 1, or what the validation images say. */
export type Threshold = number | 'auto';

/** @throws UserError where the text is neither */
export function parseThreshold(text: string): Threshold {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (text === 'auto' || (value >= 0 && value <= 1)) return text === 'auto' ? 'auto' : value;
  throw new UserError(`--threshold: expected a probability from 0 to 1, or auto, got ${text}`, {
    exitCode: 2,
  });
}

/**
 * The lowest threshold with which at least 95 % of the validation images at or above it are classified correctly.
 * @throws UserError where there is none
 */
export function chooseThreshold({ labels, predicted, probabilities }: StoredPredictions): number {
  const order = [...labels.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
  let [correct, best] = [0, Number.NaN];
  for (const [place, index] of order.entries()) {
    if (labels[index] === predicted[index]) correct++;
    const next = order[place + 1];
    // Of images with the same probability, all are above a threshold or none.
    const isLast = next === undefined || probabilities[next]! < probabilities[index]!;
    if (isLast && correct / (place + 1) >= TARGET) best = probabilities[index]!;
  }
  if (!Number.isNaN(best)) return best;
  throw new UserError(
    `--threshold auto: expected a probability from which on ${percent(TARGET)} of the validation images are classified correctly, there is none`,
    { hint: 'Name a probability, or train a model that is more often right where it is certain.' },
  );
}
