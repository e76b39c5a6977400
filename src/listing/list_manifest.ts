import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Split } from '../registry/datasets/facts.js';
import { fileError } from '../storage/file_error.js';
import { parseCsv } from './csv.js';
import type { ImageFiles, Listed, ListingProblem } from './listing.js';
import { naturalOrder } from './natural_order.js';
import { SPLIT_NAMES, splitOfName } from './split_names.js';
import { reasonOf } from './walk.js';

/** What a manifest says of an image. */
const COLUMNS = ['path', 'label', 'split', 'group'] as const;

type Column = (typeof COLUMNS)[number];

/** A line of a manifest; null is a value that is not text. */
interface Row {
  readonly line: number;
  readonly values: Readonly<Partial<Record<Column, string | null>>>;
}

interface Entry {
  readonly path: string;
  readonly label: string;
  readonly split: Split | null;
  readonly group: string | null;
}

/** Mistakes of lines told of at once. */
const SHOWN = 20;

/**
 * The images of a manifest: CSV whose first line names the columns, or JSON lines (.jsonl), with path and label, and
 * perhaps split and group. Either all images have a split or none; those of a group are in one.
 */
export function listManifest(file: string): Listed {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return { problems: [wrong('a file that can be read', reasonOf(fileError('read', file, error)))] };
  }
  const rows = /^\.(jsonl|ndjson)$/i.test(extname(file)) ? rowsOfJson(text) : rowsOfCsv(text);
  if (!Array.isArray(rows)) return { problems: [rows] };
  const problems: ListingProblem[] = [];
  const entries = new Map<string, Entry>();
  for (const { line, values } of rows) {
    const tell = (expected: string, actual: string) =>
      problems.push(wrong(expected, `${actual} in line ${line}`));
    const entry = checkedEntry(values, tell);
    if (!entry) continue;
    if (entries.has(entry.path)) tell('each path once', JSON.stringify(entry.path));
    else entries.set(entry.path, entry);
  }
  if (problems.length > SHOWN) {
    const more = problems.length - SHOWN;
    return { problems: [...problems.slice(0, SHOWN), wrong('lines without mistakes', `${more} more`)] };
  }
  return problems.length > 0 ? { problems } : listingOf([...entries.values()]);
}

function rowsOfCsv(text: string): Row[] | ListingProblem {
  const parsed = parseCsv(text);
  if ('unclosed' in parsed) return wrong('CSV', `a quote that is never closed in line ${parsed.unclosed}`);
  const [head, ...rows] = parsed.rows;
  const names = (head?.fields ?? []).map((name) => name.trim().toLowerCase());
  if (!names.includes('path') || !names.includes('label')) {
    return wrong('a first line with the columns path and label', names.join(',') || 'an empty file');
  }
  return rows.map(({ line, fields }) => ({
    line,
    values: Object.fromEntries(
      COLUMNS.flatMap((column) => {
        const at = names.indexOf(column);
        const value = at === -1 ? undefined : fields[at];
        return value === undefined || value === '' ? [] : [[column, value]];
      }),
    ),
  }));
}

function rowsOfJson(text: string): Row[] | ListingProblem {
  const rows: Row[] = [];
  for (const [index, json] of text.split('\n').entries()) {
    if (json.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(json);
    } catch {
      value = undefined;
    }
    if (typeof value !== 'object' || value === null) {
      return wrong('an object of JSON in each line', `another thing in line ${index + 1}`);
    }
    const values = COLUMNS.flatMap((column) => {
      const each: unknown = Reflect.get(value, column);
      if (each === undefined || each === null || each === '') return [];
      return [[column, typeof each === 'string' || typeof each === 'number' ? String(each) : null]];
    });
    rows.push({ line: index + 1, values: Object.fromEntries(values) });
  }
  return rows;
}

/** What a line says, or undefined after telling what is wrong with it. */
function checkedEntry(
  { path, label, split, group }: Row['values'],
  tell: (expected: string, actual: string) => void,
): Entry | undefined {
  for (const [column, value] of Object.entries({ path, label, split, group })) {
    if (value === null) tell(`${column} as text`, 'another thing');
  }
  if (path === undefined) tell('a path', 'none');
  else if (path?.includes('\0')) tell('a path', 'one with a NUL character');
  if (label === undefined) tell('a label', 'none');
  else if (label && /\p{Cc}|\ufffd/u.test(label))
    tell('a label in UTF-8, without control characters', JSON.stringify(label));
  const part = split ? splitOfName(split) : null;
  if (part === undefined) tell(`a split of ${SPLIT_NAMES.join(', ')}`, JSON.stringify(split));
  if (!path || path.includes('\0') || !label || part === undefined || split === null || group === null)
    return undefined;
  return { path, label, split: part, group: group ?? null };
}

function listingOf(entries: readonly Entry[]): Listed {
  const problems: ListingProblem[] = [];
  const some = (key: 'split' | 'group') => entries.some((entry) => entry[key] !== null);
  for (const key of ['split', 'group'] as const) {
    const without = entries.filter((entry) => entry[key] === null);
    if (some(key) && without.length > 0) {
      problems.push(
        wrong(`a ${key} of each image, or of none`, `none of ${JSON.stringify(without[0]!.path)}`),
      );
    }
  }
  const classes = [...new Set(entries.map(({ label }) => label))].sort(naturalOrder);
  if (classes.length < 2) problems.push(wrong('labels of 2 classes at least', classes.join('') || 'none'));
  const sorted = entries.toSorted((a, b) => naturalOrder(a.label, b.label) || naturalOrder(a.path, b.path));
  const numbers = new Map(classes.map((name, label) => [name, label]));
  const filesOf = (split: Split | null): ImageFiles => {
    const own = sorted.filter((entry) => entry.split === split);
    return {
      paths: own.map(({ path }) => path),
      labels: Int32Array.from(own, ({ label }) => numbers.get(label)!),
      groups: some('group') ? own.map(({ group }) => group ?? '') : null,
    };
  };
  if (!some('split')) {
    if (problems.length > 0) return { problems };
    return { listing: { classes, train: filesOf(null), validation: null, test: null } };
  }
  problems.push(...dividedGroups(entries), ...missingClasses(entries, classes));
  if (problems.length > 0) return { problems };
  const orNull = (split: Split) => (entries.some((entry) => entry.split === split) ? filesOf(split) : null);
  const [validation, test] = [orNull('validation'), orNull('test')];
  return { listing: { classes, train: filesOf('train'), validation, test } };
}

function dividedGroups(entries: readonly Entry[]): ListingProblem[] {
  const splits = new Map<string, Split | null>();
  const divided = new Set<string>();
  for (const { group, split } of entries) {
    if (group === null) continue;
    if (splits.has(group) && splits.get(group) !== split) divided.add(group);
    splits.set(group, split);
  }
  return [...divided]
    .slice(0, SHOWN)
    .map((group) => wrong('each group in one split', `${JSON.stringify(group)} in several`));
}

/** What is never trained on cannot be told. */
function missingClasses(entries: readonly Entry[], classes: readonly string[]): ListingProblem[] {
  const trained = new Set(entries.filter(({ split }) => split === 'train').map(({ label }) => label));
  return classes
    .filter((name) => !trained.has(name))
    .map((name) => wrong('training images of each class', `none of ${JSON.stringify(name)}`));
}

function wrong(expected: string, actual: string): ListingProblem {
  return { key: 'file', expected, actual };
}
