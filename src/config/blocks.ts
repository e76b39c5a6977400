import { layers } from '../registry/layers/index.js';
import { LAYER_NAME } from '../registry/layers/layer.js';
import type { Located, LocatedEntry, LocatedList, LocatedMap, Origin } from './located.js';
import type { KeyPath } from './network.js';
import type { PlacedProblem } from './problem.js';
import { formatValue, nearest, shorten } from './words.js';

/** Layers that a config names for itself; `$option` in them stands for what a use gives. */
export interface Block {
  readonly name: string;
  /** The default of each option; null where a use must give it. */
  readonly options: ReadonlyMap<string, Located | null>;
  readonly layers: LocatedEntry & { readonly value: LocatedList };
}

/** What says of an option that it has no default. */
const REQUIRED = 'required';
const KEYS = ['options', 'layers'];
/** What a use says beside the options. */
const KEYS_OF_USE = ['type', 'name'];

/** The option that a value stands for, without its $; undefined for any other value. */
export function optionOf(value: Located): string | undefined {
  if (value.kind !== 'scalar' || typeof value.value !== 'string') return undefined;
  return /^\$(\w+)$/.exec(value.value)?.[1];
}

/**
 * The blocks that a config defines; null for one with a mistake, or that a config took away (`basic: null`).
 * @param written what stands under the key `blocks`
 */
export function readBlocks(written: Located): {
  blocks: ReadonlyMap<string, Block | null>;
  problems: PlacedProblem[];
} {
  const problems: PlacedProblem[] = [];
  const report: Report = (path, origin, expected, actual, candidates = []) => {
    const near = candidates.length === 0 ? undefined : nearest(actual, candidates);
    problems.push({ path, origin, expected, actual, ...(near && { suggestion: `did you mean ${near}?` }) });
    return null;
  };
  if (written.kind !== 'map') {
    report(['blocks'], written.origin, 'a map of blocks by their names', describe(written));
    return { blocks: new Map(), problems };
  }
  const blocks = new Map<string, Block | null>();
  for (const [name, { keyOrigin, value }] of written.entries) {
    const path = ['blocks', name];
    if (!new RegExp(LAYER_NAME).test(name)) {
      report(path, keyOrigin, 'a name of letters, digits or _', shorten(name));
    }
    if (Object.hasOwn(layers, name)) report(path, keyOrigin, 'a name that no type of layer has', name);
    const isTaken = value.kind === 'scalar' && value.value === null;
    blocks.set(name, isTaken ? null : readBlock(name, value, report));
  }
  return { blocks, problems };
}

type Report = (
  path: KeyPath,
  origin: Origin,
  expected: string,
  actual: string,
  candidates?: readonly string[],
) => null;

function readBlock(name: string, written: Located, report: Report): Block | null {
  const path = ['blocks', name];
  if (written.kind !== 'map') {
    return report(path, written.origin, 'a map with layers, and options', describe(written));
  }
  for (const [key, { keyOrigin }] of written.entries) {
    if (KEYS.includes(key)) continue;
    report([...path, key], keyOrigin, `a key of a block (${KEYS.join(', ')})`, shorten(key), KEYS);
  }
  const options = readOptions(written, path, report);
  const held = written.entries.get('layers');
  if (held?.value.kind !== 'list' || held.value.items.length === 0) {
    const actual = held ? describe(held.value) : 'none';
    const at = held ? [...path, 'layers'] : path;
    return report(at, held?.value.origin ?? written.origin, 'layers, a list of at least 1 item', actual);
  }
  const named = optionsIn(held.value);
  for (const [option, { keyOrigin }] of options) {
    if (named.has(option)) continue;
    const expected = `an option that the block's layers name, as $${option}`;
    report([...path, 'options', option], keyOrigin, expected, 'one that none of them does');
  }
  const defaults = [...options].map(([option, { value }]) => {
    const isRequired = value.kind === 'scalar' && value.value === REQUIRED;
    return [option, isRequired ? null : value] as const;
  });
  return { name, options: new Map(defaults), layers: { ...held, value: held.value } };
}

function readOptions(block: LocatedMap, path: KeyPath, report: Report): ReadonlyMap<string, LocatedEntry> {
  const written = block.entries.get('options')?.value;
  if (!written) return new Map();
  if (written.kind !== 'map') {
    report([...path, 'options'], written.origin, 'a map of options with their defaults', describe(written));
    return new Map();
  }
  for (const [option, { keyOrigin }] of written.entries) {
    const at = [...path, 'options', option];
    if (KEYS_OF_USE.includes(option)) report(at, keyOrigin, 'an option not called type or name', option);
    if (!/^\w+$/.test(option)) report(at, keyOrigin, 'a name of letters, digits or _', shorten(option));
  }
  return written.entries;
}

function optionsIn(value: Located): Set<string> {
  const option = optionOf(value);
  if (option !== undefined) return new Set([option]);
  if (value.kind === 'scalar') return new Set();
  const parts = value.kind === 'list' ? value.items : [...value.entries.values()].map((entry) => entry.value);
  return new Set(parts.flatMap((part) => [...optionsIn(part)]));
}

/** A value as messages show it. */
function describe(value: Located): string {
  if (value.kind === 'scalar') return formatValue(value.value);
  return value.kind === 'list' ? `a list of ${value.items.length}` : 'a map';
}
