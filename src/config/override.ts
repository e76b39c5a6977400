import {
  itemName,
  type Located,
  type LocatedEntry,
  type LocatedList,
  type LocatedMap,
  type Origin,
  RESERVED_KEYS,
} from './located.js';
import { mergeMaps } from './merge.js';
import type { PlacedProblem } from './problem.js';
import { alternatives, formatValue, nearest, shorten } from './words.js';
import { parseYaml } from './yaml_tree.js';

/** A key that leads nowhere. */
class NoSuchPlace extends Error {
  constructor(
    readonly expected: string,
    readonly actual: string,
    readonly suggestion?: string,
  ) {
    super(`expected ${expected}, got ${actual}`);
  }
}

/**
 * Puts one `--set key=value` (or `key+=value`, which appends to a list) on top of a config. Keys are joined by dots; an
 * item of a list goes by its `name` or its 0-based index; the value is YAML and replaces what was there.
 * Unknown keys are left to the schema, which knows them.
 */
export function applyOverride(
  root: LocatedMap,
  text: string,
): { root: LocatedMap; problems: PlacedProblem[] } {
  const origin: Origin = { kind: 'set', text };
  const failed = (problems: PlacedProblem[]) => ({ root, problems });
  const equals = text.indexOf('=');
  const appends = text[equals - 1] === '+';
  const keys = text.slice(0, appends ? equals - 1 : Math.max(0, equals)).split('.');
  if (equals === -1 || keys.some((key) => key === '' || RESERVED_KEYS.has(key))) {
    const expected = 'key=value or key+=value, with keys joined by dots';
    return failed([{ path: [], expected, actual: formatValue(text), origin }]);
  }
  if (keys[0] === 'extends') {
    return failed([
      { path: [], expected: 'a key of the config', actual: 'extends, which only a file can have', origin },
    ]);
  }
  const { root: value, problems } = parseYaml(text.slice(equals + 1), () => origin);
  if (!value || problems.length > 0) return failed(problems);
  try {
    const update = (old: Located | undefined) => (appends ? append(old, value, origin) : value);
    return { root: setIn(root, keys, update, origin) as LocatedMap, problems: [] };
  } catch (error) {
    if (!(error instanceof NoSuchPlace)) throw error;
    const { expected, actual, suggestion } = error;
    return failed([
      { path: [], expected, actual, origin, ...(suggestion === undefined ? {} : { suggestion }) },
    ]);
  }
}

type Update = (old: Located | undefined) => Located;

function setIn(
  target: Located | undefined,
  keys: readonly string[],
  update: Update,
  origin: Origin,
): Located {
  const [key, ...rest] = keys;
  if (key === undefined) return update(target);
  if (target?.kind === 'list') {
    const index = itemIndex(target, key);
    const items = [...target.items];
    items[index] = setIn(items[index], rest, update, origin);
    return { ...target, items };
  }
  // Null counts as absent here: `dataset.limit.train=100` must work where a file says `limit: null`.
  if (target?.kind === 'scalar' && target.value !== null) {
    throw new NoSuchPlace(`a map or a list to set ${shorten(key)} in`, formatValue(target.value));
  }
  const old: ReadonlyMap<string, LocatedEntry> = target?.kind === 'map' ? target.entries : new Map();
  const value = setIn(old.get(key)?.value, rest, update, origin);
  const entries = new Map(old).set(key, { keyOrigin: origin, value });
  if (target?.kind !== 'map') return { kind: 'map', origin, entries };
  if (key !== 'type' || rest.length > 0) return { ...target, entries };
  // A new type takes over no keys of the old one, except those that an earlier --set gave.
  const set = [...old].filter(([, entry]) => entry.value.origin.kind === 'set');
  return mergeMaps(target, {
    kind: 'map',
    origin,
    entries: new Map([...set, [key, { keyOrigin: origin, value }]]),
  });
}

function itemIndex({ items }: LocatedList, key: string): number {
  const names = items.map((item) => itemName(item) ?? '');
  const named = names.indexOf(key);
  const index = named < 0 && /^\d+$/.test(key) ? Number(key) : named;
  if (index >= 0 && index < items.length) return index;
  if (items.length === 0) throw new NoSuchPlace('a list with items', 'an empty list (append with +=)');
  const known = names.filter((name) => name !== '');
  const near = nearest(key, known);
  throw new NoSuchPlace(
    alternatives([`an index from 0 to ${items.length - 1}`, ...known]),
    formatValue(key),
    near && `did you mean ${near}?`,
  );
}

/** The list with one more item, or with those of a list. */
function append(old: Located | undefined, value: Located, origin: Origin): Located {
  if (old && old.kind !== 'list') {
    throw new NoSuchPlace('a list to append to', old.kind === 'map' ? 'a map' : formatValue(old.value));
  }
  const added = value.kind === 'list' ? value.items : [value];
  return { kind: 'list', origin: old?.origin ?? origin, items: [...(old?.items ?? []), ...added] };
}
