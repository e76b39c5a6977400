import { permutation } from '../random.js';
import { naturalOrder } from './natural_order.js';

/** Images of one group. */
interface Group {
  readonly indices: readonly number[];
  /** Of each class that it has. */
  readonly counts: ReadonlyMap<number, number>;
}

/**
 * A random choice of whole groups with about `count` images, and of each class about its share: groups in a random
 * order, each taken where it brings the classes nearer to their shares. One group at least is taken, and one is left;
 * of a single group nothing is taken. It is a function of its arguments alone, whatever the order of the groups.
 * @param groups of each image
 * @returns numbers of images, ascending
 */
export function groupedSample(
  labels: Int32Array,
  groups: readonly string[],
  count: number,
  seed: number,
  purpose: string,
): Uint32Array {
  const sorted = [...byGroup(labels, groups)].sort(([a], [b]) => naturalOrder(a, b)).map(([, each]) => each);
  const wanted = new Map<number, number>();
  for (const label of labels) wanted.set(label, (wanted.get(label) ?? 0) + count / labels.length);
  /** How much nearer to the shares its images bring the sum of squared distances. */
  const gain = ({ counts }: Group) =>
    [...counts].reduce((sum, [label, n]) => sum + n * (2 * wanted.get(label)! - n), 0);
  const chosen: Group[] = [];
  const order = [...permutation(seed, purpose, 0, sorted.length)].map((place) => sorted[place]!);
  const take = (group: Group) => {
    chosen.push(group);
    for (const [label, n] of group.counts) wanted.set(label, wanted.get(label)! - n);
  };
  for (const group of order) if (chosen.length < order.length - 1 && gain(group) > 0) take(group);
  if (chosen.length === 0 && order.length > 1) {
    take(order.reduce((best, group) => (group.indices.length < best.indices.length ? group : best)));
  }
  return Uint32Array.from(chosen.flatMap(({ indices }) => indices)).sort();
}

function byGroup(labels: Int32Array, groups: readonly string[]): Map<string, Group> {
  const found = new Map<string, { indices: number[]; counts: Map<number, number> }>();
  for (const [index, name] of groups.entries()) {
    let group = found.get(name);
    if (!group) {
      group = { indices: [], counts: new Map() };
      found.set(name, group);
    }
    group.indices.push(index);
    group.counts.set(labels[index]!, (group.counts.get(labels[index]!) ?? 0) + 1);
  }
  return found;
}
