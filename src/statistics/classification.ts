/**
 * How a classifier fares on one class. What has nothing to divide by is 0, scikit-learn's `zero_division=0`; a class
 * that is neither among the labels nor ever predicted, which scikit-learn leaves out, has null for each.
 */
export interface ClassScores {
  /** Images of the class. */
  readonly support: number;
  /** Share of the images predicted as this class that are of it. */
  readonly precision: number | null;
  /** Share of the images of this class that are predicted as it. */
  readonly recall: number | null;
  /** Harmonic mean of precision and recall. */
  readonly f1: number | null;
}

/** counts[true class][predicted class], images. */
export function confusionMatrix(
  labels: Int32Array,
  predicted: Int32Array,
  classes: number,
): readonly (readonly number[])[] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  labels.forEach((label, i) => {
    counts[label]![predicted[i]!]! += 1;
  });
  return counts;
}

/** The scores of each class, from a confusion matrix. */
export function classScores(matrix: readonly (readonly number[])[]): ClassScores[] {
  return matrix.map((row, index) => {
    const hits = row[index]!;
    const support = sum(row);
    const answered = sum(matrix.map((counts) => counts[index]!));
    if (support + answered === 0) return { support, precision: null, recall: null, f1: null };
    return {
      support,
      precision: ratio(hits, answered),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + answered),
    };
  });
}

/** Mean over the classes for which there is a value: the macro average. */
export function macroMean(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known) / known.length;
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
