import { tCritical, tTwoSided } from './student_t.js';

/** What a few independent values say of the mean that they are drawn around. */
export interface Sample {
  readonly count: number;
  readonly mean: number;
  /** Sample standard deviation, with count − 1. */
  readonly deviation: number;
  /** 95 % confidence interval of the mean, by Student's t with count − 1 degrees of freedom. */
  readonly interval: readonly [number, number];
}

/** @param values at least two */
export function describeSample(values: readonly number[]): Sample {
  const count = values.length;
  if (count < 2) throw new Error(`${count} values: expected at least two`);
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1));
  const margin = (tCritical(0.05, count - 1) * deviation) / Math.sqrt(count);
  return { count, mean, deviation, interval: [mean - margin, mean + margin] };
}

/** The difference between the means of two groups. */
export interface Welch {
  /** Mean of the second minus that of the first. */
  readonly difference: number;
  /** 95 % confidence interval of the difference. */
  readonly interval: readonly [number, number];
  readonly t: number;
  /** Degrees of freedom, by Welch and Satterthwaite. */
  readonly degrees: number;
  /** Two-sided. */
  readonly p_value: number;
}

/** Welch's t-test, for groups of unequal variance (Welch 1947). Null where neither group varies at all. */
export function welch(first: Sample, second: Sample): Welch | null {
  const [a, b] = [first.deviation ** 2 / first.count, second.deviation ** 2 / second.count];
  const error = Math.sqrt(a + b);
  if (error === 0) return null;
  const degrees = (a + b) ** 2 / (a ** 2 / (first.count - 1) + b ** 2 / (second.count - 1));
  const difference = second.mean - first.mean;
  const margin = tCritical(0.05, degrees) * error;
  const t = difference / error;
  return {
    difference,
    interval: [difference - margin, difference + margin],
    t,
    degrees,
    p_value: tTwoSided(t, degrees),
  };
}
