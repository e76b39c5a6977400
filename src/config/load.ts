import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { LocatedMap, Origin } from './located.js';
import { mergeMaps } from './merge.js';
import type { PlacedProblem } from './problem.js';
import { readText } from './read_text.js';
import { formatValue } from './words.js';
import { placesIn } from './yaml_text.js';
import { parseYaml } from './yaml_tree.js';

/** A config file on top of the files that it extends. */
export interface LoadedFile {
  /** Null where a file could not be read or parsed: then `problems` says why. */
  readonly root: LocatedMap | null;
  /** What it builds on, from the first base on, each on top of those before it. */
  readonly bases: readonly LocatedMap[];
  /** The file as written. */
  readonly source: string;
  readonly problems: PlacedProblem[];
}

/** How a file came to be read: the files that led to it, and the key that named it. */
interface Via {
  readonly chain: readonly { readonly file: string; readonly real: string }[];
  readonly origin: Origin;
}

/** Reads a YAML config and, through `extends`, its bases. */
export async function loadFile(file: string, via?: Via): Promise<LoadedFile> {
  const read = await readText(file);
  if (!read.ok) {
    const { expected, actual, before } = read;
    const inside =
      before === '' ? ({ kind: 'document', name: file } as const) : placesIn(file, before)(before.length);
    const problem =
      before === '' && via
        ? { path: ['extends'], expected, actual: `${actual}: ${file}`, origin: via.origin }
        : { path: [], expected, actual, origin: inside };
    const problems = before === '' ? [problem] : [...unusable(file, via), problem];
    return { root: null, bases: [], source: '', problems };
  }
  const { text } = read;
  const { root, problems } = parseYaml(text, placesIn(file, text));
  if (root?.kind !== 'map') {
    if (root) {
      const actual =
        text.trim() === '' ? 'an empty file' : root.kind === 'list' ? 'a list' : formatValue(root.value);
      problems.push({
        path: [],
        expected: 'a map of keys such as name and model',
        actual,
        origin: root.origin,
      });
    }
    return { root: null, bases: [], source: text, problems: [...unusable(file, via), ...problems] };
  }
  const chain = [...(via?.chain ?? []), { file, real: await identity(file) }];
  const loaded = await onTopOfBase(root, chain);
  return { ...loaded, source: text, problems: [...problems, ...loaded.problems] };
}

/** Where a file is named that is no config; what is wrong inside it follows. */
function unusable(file: string, via: Via | undefined): PlacedProblem[] {
  if (!via) return [];
  return [
    { path: ['extends'], expected: 'a config file', actual: `another file: ${file}`, origin: via.origin },
  ];
}

/** What a file is known by, however it is named; a pipe such as /dev/fd/63 has only the one name. */
async function identity(file: string): Promise<string> {
  return realpath(file).catch(() => file);
}

/** Takes `extends` out of the map and puts the map on top of the file that it names. */
async function onTopOfBase(root: LocatedMap, chain: Via['chain']): Promise<Omit<LoadedFile, 'source'>> {
  const entry = root.entries.get('extends');
  if (!entry) return { root, bases: [], problems: [] };
  const entries = new Map(root.entries);
  entries.delete('extends');
  const own: LocatedMap = { ...root, entries };
  const { value } = entry;
  const problem = (expected: string, actual: string) => ({
    root: null,
    bases: [],
    problems: [{ path: ['extends'], expected, actual, origin: value.origin }],
  });
  // No file has a name with NUL, and Node.js does not even look for it.
  if (
    value.kind !== 'scalar' ||
    typeof value.value !== 'string' ||
    value.value === '' ||
    value.value.includes('\0')
  ) {
    return problem(
      'the path of a config file',
      value.kind === 'scalar' ? formatValue(value.value) : `a ${value.kind}`,
    );
  }
  const base = isAbsolute(value.value) ? value.value : join(dirname(chain.at(-1)!.file), value.value);
  const real = await identity(base);
  if (chain.some((link) => link.real === real)) {
    return problem(
      'files that do not extend each other in a circle',
      [...chain.map(({ file }) => file), base].join(' → '),
    );
  }
  const loaded = await loadFile(base, { chain, origin: value.origin });
  const { root: below, bases, problems } = loaded;
  if (!below) return { root: null, bases, problems };
  return { root: mergeMaps(below, own), bases: [...bases, below], problems };
}
