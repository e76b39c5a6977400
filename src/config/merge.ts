import type { Located, LocatedEntry, LocatedMap } from './located.js';

/**
 * `over` on top of `base`: maps are merged key by key, everything else is replaced (null is a value like any other).
 * A map whose `type` changes is replaced too, as it would inherit keys that its new type does not know.
 */
export function mergeMaps(base: LocatedMap, over: LocatedMap): LocatedMap {
  if (changesType(base, over)) return over;
  const entries = new Map(base.entries);
  for (const [key, { keyOrigin, value }] of over.entries) {
    entries.set(key, { keyOrigin, value: mergeValues(base.entries.get(key), value) });
  }
  return { kind: 'map', origin: over.origin, entries };
}

function mergeValues(base: LocatedEntry | undefined, over: Located): Located {
  return base?.value.kind === 'map' && over.kind === 'map' ? mergeMaps(base.value, over) : over;
}

function changesType(base: LocatedMap, over: LocatedMap): boolean {
  const [before, after] = [base, over].map((map) => map.entries.get('type')?.value);
  if (!before || !after) return false;
  return before.kind !== 'scalar' || after.kind !== 'scalar' || before.value !== after.value;
}
