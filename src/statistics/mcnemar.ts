/** How two classifiers fared on the same images. */
export interface McNemar {
  readonly both_right: number;
  readonly only_first: number;
  readonly only_second: number;
  readonly both_wrong: number;
  /** Probability of so uneven a split of the images that only one gets right, or a more uneven one, if both are as good. */
  readonly p_value: number;
}

/**
 * McNemar's test, exact and two-sided (McNemar 1947; Dietterich 1998): among the n images that only one of the two
 * gets right, the number for either is binomial(n, 1/2) if they are equally good.
 * @param first, second whether each image was classified correctly, in the same order
 */
export function mcnemar(first: readonly boolean[], second: readonly boolean[]): McNemar {
  if (first.length !== second.length) throw new Error(`${first.length} and ${second.length} images`);
  const count = (a: boolean, b: boolean) =>
    first.reduce((sum, right, i) => sum + Number(right === a && second[i] === b), 0);
  const [only_first, only_second] = [count(true, false), count(false, true)];
  return {
    both_right: count(true, true),
    only_first,
    only_second,
    both_wrong: count(false, false),
    p_value: binomialTwoSided(only_first, only_second),
  };
}

/** 2 · P(X ≤ min(a, b)) for X ~ binomial(a + b, 1/2), at most 1. In logarithms: 2⁻ⁿ is below the smallest number from n = 1075. */
export function binomialTwoSided(a: number, b: number): number {
  const n = a + b;
  let logTerm = -n * Math.LN2;
  let sum = 0;
  // Terms grow up to n / 2: from the largest down, they are added as multiples of it.
  const logTerms: number[] = [];
  for (let k = 0; k <= Math.min(a, b); k++) {
    logTerms.push(logTerm);
    logTerm += Math.log((n - k) / (k + 1));
  }
  const largest = logTerms.at(-1)!;
  for (const term of logTerms) sum += Math.exp(term - largest);
  return Math.min(1, 2 * Math.exp(largest) * sum);
}
