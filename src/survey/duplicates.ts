import { DIGEST_BYTES, type Images, splitOf } from './looked_at.js';

/** Groups told of by name; all are counted. */
const SHOWN = 50;
/** Images of one group told of by name. */
const NAMED = 10;

export interface DuplicateGroup {
  /** Images of that content. */
  readonly count: number;
  /** Some of them: path or number, and split. */
  readonly images: readonly string[];
}

/** Images of the same content: groups, the images in them, and the first groups by name. */
export interface Duplicates {
  readonly groups: number;
  readonly images: number;
  readonly shown: readonly DuplicateGroup[];
}

export interface AllDuplicates {
  readonly within_splits: Duplicates;
  readonly across_splits: Duplicates;
  /** Those of either kind whose images are of different classes. */
  readonly different_classes: Duplicates;
}

/**
 * Images of the same content. Digests lie side by side and are sorted by their numbers, so that memory is some bytes an
 * image.
 * @param digests a SHA-256 for each image
 * @param readable which of them count
 */
export function findDuplicates(images: Images, digests: Buffer, readable: Uint8Array): AllDuplicates {
  const digest = (index: number) => digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  const order = Uint32Array.from(
    (function* () {
      for (let index = 0; index < images.count; index++) if (readable[index]) yield index;
    })(),
  ).sort((a, b) => Buffer.compare(digest(a), digest(b)) || a - b);
  const groups: Uint32Array[] = [];
  for (let first = 0; first < order.length; ) {
    let end = first + 1;
    while (end < order.length && digest(order[end]!).equals(digest(order[first]!))) end++;
    if (end - first > 1) groups.push(order.slice(first, end));
    first = end;
  }
  groups.sort((a, b) => a[0]! - b[0]!);
  const isAcross = (group: Uint32Array) => splitOf(images, group[0]!) !== splitOf(images, group.at(-1)!);
  const differs = (group: Uint32Array) =>
    group.some((index) => images.labels[index] !== images.labels[group[0]!]);
  return {
    within_splits: summary(
      images,
      groups.filter((group) => !isAcross(group)),
    ),
    across_splits: summary(images, groups.filter(isAcross)),
    different_classes: summary(images, groups.filter(differs)),
  };
}

function summary(images: Images, groups: readonly Uint32Array[]): Duplicates {
  return {
    groups: groups.length,
    images: groups.reduce((sum, group) => sum + group.length, 0),
    shown: groups.slice(0, SHOWN).map((group) => ({
      count: group.length,
      images: [...group.subarray(0, NAMED)].map(
        (index) => `${images.nameOf(index)} (${splitOf(images, index)})`,
      ),
    })),
  };
}
