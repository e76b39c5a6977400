import { permutation } from '../random.js';

/**
 * A random choice of `count` images with each class in its share (largest remainders, ties to the lower class). It is
 * a function of its arguments alone.
 * @param purpose names the stream of randomness; each class draws from a part of its own
 * @returns their numbers, ascending
 */
export function stratifiedSample(
  labels: Int32Array,
  count: number,
  seed: number,
  purpose: string,
): Uint32Array {
  const members = byClass(labels);
  const quotas = [...members].map(([label, { length }]) => {
    const exact = length * count;
    return { label, whole: Math.floor(exact / labels.length), rest: exact % labels.length };
  });
  // Whole numbers: no rounding decides a tie.
  const left = count - quotas.reduce((sum, { whole }) => sum + whole, 0);
  const rounded = new Set(quotas.toSorted((a, b) => b.rest - a.rest || a.label - b.label).slice(0, left));
  const chosen = quotas.flatMap((quota) => {
    const ofClass = members.get(quota.label)!;
    const order = permutation(seed, purpose, quota.label, ofClass.length);
    return [...order.subarray(0, quota.whole + (rounded.has(quota) ? 1 : 0))].map((place) => ofClass[place]!);
  });
  return Uint32Array.from(chosen).sort();
}

/** Image numbers of each class. */
function byClass(labels: Int32Array): Map<number, number[]> {
  const members = new Map<number, number[]>();
  for (const [index, label] of labels.entries()) {
    const ofClass = members.get(label);
    if (ofClass) ofClass.push(index);
    else members.set(label, [index]);
  }
  return members;
}

/** The numbers from 0 to count − 1 that `chosen`, ascending, lacks. */
export function complement(chosen: Uint32Array, count: number): Uint32Array {
  const others = new Uint32Array(count - chosen.length);
  for (let index = 0, next = 0, at = 0; index < count; index++) {
    if (chosen[next] === index) next++;
    else others[at++] = index;
  }
  return others;
}

/** Whether all images of a class stand next to each other, as a walk through folders gives them. */
export function isSortedByClass(labels: Int32Array): boolean {
  const ended = new Set<number>();
  for (let index = 1; index < labels.length; index++) {
    if (labels[index] === labels[index - 1]) continue;
    ended.add(labels[index - 1]!);
    if (ended.has(labels[index]!)) return false;
  }
  return true;
}

/**
 * The images that a limit leaves: the first ones; where the labels are sorted by class, of which the first ones would
 * be a few classes only, a stratified sample.
 * @param labels of all images, or as many of the first ones as show that they are not sorted
 * @param limit at most the number of images
 */
export function limitedIndices(labels: Int32Array, limit: number, seed: number, split: string): Uint32Array {
  return isSortedByClass(labels)
    ? stratifiedSample(labels, limit, seed, `limit.${split}`)
    : firstIndices(limit);
}

/** The numbers from 0 to count − 1. */
export function firstIndices(count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, index) => index);
}
