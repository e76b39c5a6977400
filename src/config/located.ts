import type { KeyPath } from './network.js';

/** What gave a value: a place in a file (1-based, in characters), a `--set`, a resolved document, or the schema's default. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'set'; readonly text: string }
  | { readonly kind: 'document'; readonly name: string }
  | { readonly kind: 'default' }
  | MovedOrigin;

/** A value that a block brought to where it is. */
export interface MovedOrigin {
  readonly kind: 'moved';
  readonly written: Origin;
  /** Where it was written: `blocks.basic.layers.0.kernel`. */
  readonly path: KeyPath;
  /** What used the block that it stands in, the innermost first; none for what a use itself says. */
  readonly uses: readonly Origin[];
}

export type Scalar = string | number | boolean | null;

/** A config value that knows, at every depth, what gave it. Immutable, so that aliases and bases can be shared. */
export type Located = LocatedMap | LocatedList | LocatedScalar;

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly origin: Origin;
  readonly value: Scalar;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly origin: Origin;
  readonly items: readonly Located[];
}

export interface LocatedEntry {
  /** Where the key stands; its value has an origin of its own. */
  readonly keyOrigin: Origin;
  readonly value: Located;
}

export interface LocatedMap {
  readonly kind: 'map';
  readonly origin: Origin;
  readonly entries: ReadonlyMap<string, LocatedEntry>;
}

/** Keys that would reach an object's prototype instead of the object. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Maps and lists deeper than this are refused: a config needs six, and every walk over one is recursive. */
export const MAX_DEPTH = 40;

/** The value alone, as fresh objects and arrays. */
export function plainValue(located: Located): unknown {
  switch (located.kind) {
    case 'scalar':
      return located.value;
    case 'list':
      return located.items.map(plainValue);
    case 'map':
      return Object.fromEntries([...located.entries].map(([key, { value }]) => [key, plainValue(value)]));
  }
}

/** `file:line:column`, `--set key=value`, the name of a document, or `default`. */
export function formatOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}:${origin.column}`;
    case 'set':
      return `--set ${origin.text}`;
    case 'document':
      return origin.name;
    case 'default':
      return 'default';
    case 'moved':
      return origin.uses.length === 0
        ? formatOrigin(origin.written)
        : `${formatOrigin(origin.written)} (used at ${formatUses(origin.uses)})`;
  }
}

/** `a.yaml:20:9, itself used at a.yaml:40:7` */
export function formatUses(uses: readonly Origin[]): string {
  return uses.map(formatOrigin).join(', itself used at ');
}

/** What gave the value where it was written, in a block or not. */
export function writtenOrigin(origin: Origin): Exclude<Origin, MovedOrigin> {
  return origin.kind === 'moved' ? writtenOrigin(origin.written) : origin;
}

/** Where each value of a config comes from. */
export class Origins {
  readonly #root: Located;
  readonly #earlier: readonly Located[];
  readonly #written: Located;

  /**
   * @param earlier the config as it was before each base, file and `--set` that was put on top, in that order
   * @param written the config before its blocks were put in place
   */
  constructor(root: Located, earlier: readonly Located[] = [], written = root) {
    this.#root = root;
    this.#earlier = earlier;
    this.#written = written;
  }

  /** What gave the value at `path`: a value that nobody wrote is the schema's default. */
  of(path: KeyPath): Origin {
    const { found, value } = walk(this.#root, path);
    return found === path.length ? value.origin : { kind: 'default' };
  }

  /** What the value at `path` replaced: the values that it had before, the latest first. */
  replaced(path: KeyPath): Located[] {
    const { found, value } = walk(this.#root, path);
    const isMoved = found === path.length && value.origin.kind === 'moved';
    const names = named(this.#written, isMoved ? (value.origin as MovedOrigin).path : path);
    const replaced: Located[] = [];
    let later = at(this.#written, names);
    for (const root of this.#earlier.toReversed()) {
      const before = at(root, names);
      if (before && before.origin !== later?.origin) replaced.push(before);
      later = before ?? later;
    }
    return replaced;
  }

  /**
   * Where to point for a mistake at `path`: the value (or its key), else the innermost map around it that was written;
   * and the path as it was written.
   */
  nearest(path: KeyPath, at: 'key' | 'value' = 'value'): { origin: Origin; path: KeyPath } {
    const { found, value, keyOrigin } = walk(this.#root, path);
    const origin = at === 'key' && found === path.length ? keyOrigin : value.origin;
    return { origin, path: origin.kind === 'moved' ? [...origin.path, ...path.slice(found)] : path };
  }
}

/** The path with names for indices where items have names: in an earlier list, an item may stand elsewhere. */
function named(root: Located, path: KeyPath): KeyPath {
  return path.map((key, depth) => {
    const { found, value } = walk(root, path.slice(0, depth + 1));
    return found > depth ? (itemName(value) ?? key) : key;
  });
}

function at(root: Located, path: KeyPath): Located | undefined {
  return path.reduce<Located | undefined>((value, key) => value && child(value, key)?.value, root);
}

function walk(root: Located, path: KeyPath): { found: number; value: Located; keyOrigin: Origin } {
  let value = root;
  let keyOrigin = value.origin;
  for (const [found, key] of path.entries()) {
    const next = child(value, key);
    if (!next) return { found, value, keyOrigin };
    ({ value, keyOrigin } = next);
  }
  return { found: path.length, value, keyOrigin };
}

/** The entry of a map, or the item of a list by its index or name. */
function child(located: Located, key: string | number): LocatedEntry | undefined {
  if (located.kind === 'map') return located.entries.get(String(key));
  if (located.kind === 'scalar') return undefined;
  const { items } = located;
  const item = typeof key === 'number' ? items[key] : items.find((each) => itemName(each) === key);
  return item && { keyOrigin: item.origin, value: item };
}

/** What an item of a list goes by in a path: the `name` that a layer or a head has. */
export function itemName(item: Located): string | undefined {
  const name = item.kind === 'map' ? item.entries.get('name')?.value : undefined;
  return name?.kind === 'scalar' && typeof name.value === 'string' ? name.value : undefined;
}
