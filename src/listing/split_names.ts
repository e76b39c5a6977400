import type { Split } from '../registry/datasets/facts.js';

/** The usual names of splits, as directories and lists have them. */
const NAMES: ReadonlyMap<string, Split> = new Map([
  ['train', 'train'],
  ['training', 'train'],
  ['val', 'validation'],
  ['valid', 'validation'],
  ['validation', 'validation'],
  ['test', 'test'],
]);

/** The split that a name means, in capitals or not; undefined where it is none. */
export function splitOfName(name: string): Split | undefined {
  return NAMES.get(name.toLowerCase());
}

export const SPLIT_NAMES: readonly string[] = [...NAMES.keys()];
