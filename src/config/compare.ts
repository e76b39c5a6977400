import type { Experiment } from '../registry/experiment.js';
import type { KeyPath } from './network.js';

/** A key whose value differs between two configs; undefined where one has no such key. */
export interface Difference {
  readonly path: KeyPath;
  readonly before: unknown;
  readonly after: unknown;
}

/** What differs between two configs, as deep as possible: lists of one length are compared item by item. */
export function compareConfigs(before: Experiment, after: Experiment): Difference[] {
  return differences(before, after, []);
}

/** Keys that decide where a run computes, where its data are and what it saves, not what comes out. */
const DECIDES_NOTHING =
  /^(backend|dataset\.root|dataset\.archive\.url|dataset\.duplicates|dataset\.file|checkpoint|tensorboard)(\.|$)/;

/** Whether a run with the one config ends with other weights than one with the other, because of this key. */
export function decidesResult({ path, before, after }: Difference): boolean {
  const key = path.join('.');
  // Hexadecimal digits may be written either way.
  if (key === 'dataset.archive.sha256') return String(before).toLowerCase() !== String(after).toLowerCase();
  return !DECIDES_NOTHING.test(key);
}

function differences(before: unknown, after: unknown, path: KeyPath): Difference[] {
  if (Object.is(before, after)) return [];
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => differences(item, after[index], [...path, index]));
  }
  if (isMap(before) && isMap(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => differences(before[key], after[key], [...path, key]));
  }
  return [{ path, before, after }];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
