import { UserError } from '../errors.js';
import type { KeyPath } from './network.js';
import { alternatives, formatValue, nearest, shorten } from './words.js';

/** More suggestions than this are no suggestion. */
const SUGGESTED = 3;

/** Keys that only files have: what they bring is among the others. */
const KEYS_OF_FILES: Readonly<Record<string, string>> = {
  blocks: 'Blocks are put in place: ask for a layer that uses one.',
  extends: 'What a base gives is among the other keys, each of which tells its place.',
};

/**
 * The path of a key as users write it: `model.layers.conv1.kernel`. An item of a list goes by its `name` or by its
 * 0-based index; where a name is made of digits, the name is meant.
 * @param config a resolved config, in which every key that it may have is there
 * @throws UserError with the keys that there are, and the nearest
 */
export function findKey(config: unknown, key: string): KeyPath {
  const path: (string | number)[] = [];
  let value = config;
  const segments = key.split('.');
  for (const segment of segments) {
    const child = childOf(value, segment);
    if (child === undefined) throw unknownKey(config, path, value, segments);
    path.push(child);
    value = (value as Record<string | number, unknown>)[child];
  }
  return path;
}

/** The path as `findKey` takes it, with names of items where they have one. */
export function formatKey(config: unknown, path: KeyPath): string {
  let value = config;
  const segments = path.map((key) => {
    value = (value as Record<string | number, unknown>)[key];
    return segmentOf(key, value);
  });
  return segments.join('.');
}

/** How a path names the value at `key` of a map or a list. */
export function segmentOf(key: string | number, value: unknown): string | number {
  return typeof key === 'number' ? (nameOf(value) ?? key) : key;
}

function childOf(value: unknown, segment: string): string | number | undefined {
  if (Array.isArray(value)) {
    const named = value.findIndex((item) => nameOf(item) === segment);
    const index = named < 0 && /^\d+$/.test(segment) ? Number(segment) : named;
    return index in value ? index : undefined;
  }
  return isMap(value) && Object.hasOwn(value, segment) ? segment : undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf(item: unknown): string | undefined {
  return isMap(item) && typeof item.name === 'string' ? item.name : undefined;
}

/** What a path can go on with behind a value. */
function childNames(value: unknown): string[] {
  if (Array.isArray(value)) return value.map((item, index) => String(segmentOf(index, item)));
  return isMap(value) ? Object.keys(value) : [];
}

/** @param value what is at `path`, the part of `segments` that is known */
function unknownKey(config: unknown, path: KeyPath, value: unknown, segments: readonly string[]): UserError {
  const keys = childNames(value);
  const place = path.length === 0 ? 'the config' : formatKey(config, path);
  const type = isMap(value) && typeof value.type === 'string' ? `, which is ${value.type}` : '';
  const expected =
    keys.length > 0
      ? `a key of ${place}${type} (${keys.join(', ')})`
      : `no key behind ${place}, which is ${formatValue(value)}`;
  const near = suggestions(config, path, keys, segments);
  const meant = near.length === 0 ? '' : `; did you mean ${alternatives(near)}?`;
  const actual = formatValue(segments[path.length]);
  const hint = path.length === 0 ? KEYS_OF_FILES[segments[0]!] : undefined;
  return new UserError(`${shorten(segments.join('.'))}: expected ${expected}, got ${actual}${meant}`, {
    ...(hint !== undefined && { hint }),
    exitCode: 2,
  });
}

/** Keys that end like what was asked for; else the one beside it that is spelt nearly so; else such ones elsewhere. */
function suggestions(
  config: unknown,
  path: KeyPath,
  siblings: readonly string[],
  segments: readonly string[],
): string[] {
  const all = allKeys(config);
  const ending = all.filter((each) => each.endsWith(`.${segments.join('.')}`));
  if (ending.length > 0) return ending.slice(0, SUGGESTED);
  const sibling = nearest(segments[path.length]!, siblings);
  if (sibling !== undefined) {
    const start = path.length === 0 ? sibling : `${formatKey(config, path)}.${sibling}`;
    const whole = [start, ...segments.slice(path.length + 1)].join('.');
    return [all.includes(whole) ? whole : start];
  }
  const last = (key: string) => key.slice(key.lastIndexOf('.') + 1);
  const near = nearest(segments.at(-1)!, all.map(last));
  return near === undefined ? [] : all.filter((key) => last(key) === near).slice(0, SUGGESTED);
}

function allKeys(value: unknown, prefix = ''): string[] {
  const names = childNames(value);
  const items = Object.values(value ?? {});
  return names.flatMap((name, index) => {
    const key = `${prefix}${name}`;
    return [key, ...(typeof items[index] === 'object' ? allKeys(items[index], `${key}.`) : [])];
  });
}
