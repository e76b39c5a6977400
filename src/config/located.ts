import type { KeyPath } from './network.js';

/** What gave a value: a place in a file (1-based, in characters), a `--set`, a resolved document, or the schema's default. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'set'; readonly text: string }
  | { readonly kind: 'document'; readonly name: string }
  | { readonly kind: 'default' };

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
  }
}

/** Where each value of a config comes from. */
export class Origins {
  readonly #root: Located;

  constructor(root: Located) {
    this.#root = root;
  }

  /** What gave the value at `path`: a value that nobody wrote is the schema's default. */
  of(path: KeyPath): Origin {
    const { found, value } = this.#walk(path);
    return found === path.length ? value.origin : { kind: 'default' };
  }

  /** Where to point for a mistake at `path`: the value (or its key), else the innermost map around it that was written. */
  nearest(path: KeyPath, at: 'key' | 'value' = 'value'): Origin {
    const { found, value, keyOrigin } = this.#walk(path);
    return at === 'key' && found === path.length ? keyOrigin : value.origin;
  }

  #walk(path: KeyPath): { found: number; value: Located; keyOrigin: Origin } {
    let value = this.#root;
    let keyOrigin = value.origin;
    for (const [found, key] of path.entries()) {
      const next = child(value, key);
      if (!next) return { found, value, keyOrigin };
      ({ value, keyOrigin } = next);
    }
    return { found: path.length, value, keyOrigin };
  }
}

function child(located: Located, key: string | number): LocatedEntry | undefined {
  if (located.kind === 'map') return located.entries.get(String(key));
  const item = located.kind === 'list' ? located.items[Number(key)] : undefined;
  return item && { keyOrigin: item.origin, value: item };
}
