import { type Located, type LocatedEntry, MAX_DEPTH, type Origin, RESERVED_KEYS } from './located.js';
import type { KeyPath } from './network.js';
import type { PlacedProblem } from './problem.js';

/** A value from a JSON document as a tree whose parts all come from `origin`; null where it is refused. */
export function locateValue(
  value: unknown,
  origin: Origin,
): { root: Located | null; problems: PlacedProblem[] } {
  const problems: PlacedProblem[] = [];
  const locate = (part: unknown, path: KeyPath): Located => {
    if (path.length > MAX_DEPTH) {
      const expected = `at most ${MAX_DEPTH} levels of maps and lists`;
      problems.push({ path: path.slice(0, 3), expected, actual: 'more', origin });
    } else if (Array.isArray(part)) {
      return { kind: 'list', origin, items: part.map((item, index) => locate(item, [...path, index])) };
    } else if (typeof part === 'object' && part !== null) {
      const entries = new Map<string, LocatedEntry>();
      for (const [key, item] of Object.entries(part)) {
        if (RESERVED_KEYS.has(key)) {
          problems.push({ path, expected: 'keys of the config', actual: `the reserved ${key}`, origin });
        } else entries.set(key, { keyOrigin: origin, value: locate(item, [...path, key]) });
      }
      return { kind: 'map', origin, entries };
    } else if (
      part === null ||
      typeof part === 'string' ||
      typeof part === 'boolean' ||
      Number.isFinite(part)
    ) {
      return { kind: 'scalar', origin, value: part as string | number | boolean | null };
    } else {
      problems.push({ path, expected: 'a value of JSON', actual: typeof part, origin });
    }
    return { kind: 'scalar', origin, value: null };
  };
  const root = locate(value, []);
  return { root: problems.length === 0 ? root : null, problems };
}
