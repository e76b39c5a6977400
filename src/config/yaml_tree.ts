import { type Alias, isAlias, isMap, isScalar, isSeq, type Node, type Pair, visit, type YAMLMap } from 'yaml';
import { type Located, type LocatedEntry, MAX_DEPTH, type Origin, RESERVED_KEYS } from './located.js';
import type { PlacedProblem } from './problem.js';
import { formatValue, shorten } from './words.js';
import { composeYaml, type OriginAt } from './yaml_text.js';

/** Values after aliases are put in place; beyond it, aliases multiply each other (a "billion laughs"). */
const MAX_VALUES = 50_000;

/** Ends the conversion at a mistake that leaves nothing to go on with. */
class Refused extends Error {
  constructor(readonly problem: PlacedProblem) {
    super('refused');
  }
}

/**
 * The values of a YAML 1.2 text with the place of each; aliases and merge keys (`<<`) are resolved. What YAML allows and
 * a config has no use for is a problem: duplicate keys, keys that are no strings, tags, infinite numbers.
 * `root` is null where nothing could be read; otherwise mistakes are left out of it, so that the rest can be checked.
 */
export function parseYaml(
  text: string,
  originAt: OriginAt,
): { root: Located | null; problems: PlacedProblem[] } {
  const { document, problems } = composeYaml(text, originAt);
  if (!document) return { root: null, problems };
  try {
    const targets = aliasTargets(document.contents, (node) => originOf(node, originAt));
    return { root: new Conversion(originAt, targets, problems).value(document.contents, 0), problems };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { root: null, problems: [...problems, error.problem] };
  }
}

function originOf(node: Node | null, originAt: OriginAt): Origin {
  return originAt(node?.range?.[0] ?? 0);
}

/** The node that each alias stands for: the last one before it that carries the anchor. */
function aliasTargets(root: Node | null, origin: (node: Node) => Origin): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(root, {
    Node: (_key, node) => {
      if (!isAlias(node)) {
        if ('anchor' in node && typeof node.anchor === 'string') anchors.set(node.anchor, node);
        return;
      }
      const target = anchors.get(node.source);
      if (!target) {
        const expected = `an anchor &${shorten(node.source)} before the alias`;
        throw new Refused({ path: [], expected, actual: 'none', origin: origin(node) });
      }
      targets.set(node, target);
    },
  });
  return targets;
}

class Conversion {
  #values = 0;

  constructor(
    private readonly originAt: OriginAt,
    private readonly targets: ReadonlyMap<Alias, Node>,
    private readonly problems: PlacedProblem[],
  ) {}

  value(written: Node | null, depth: number): Located {
    const node = this.#target(written);
    const origin = originOf(node, this.originAt);
    if (++this.#values > MAX_VALUES) {
      const expected = `at most ${MAX_VALUES} values after aliases are put in place`;
      throw new Refused({ path: [], expected, actual: 'more', origin: originOf(written, this.originAt) });
    }
    if (depth > MAX_DEPTH) {
      const expected = `at most ${MAX_DEPTH} levels of maps and lists`;
      const actual = 'more (or an alias inside its own anchor)';
      throw new Refused({ path: [], expected, actual, origin: originOf(written, this.originAt) });
    }
    if (isMap(node)) return { kind: 'map', origin, entries: this.#entries(node, depth) };
    if (isSeq(node)) {
      return { kind: 'list', origin, items: node.items.map((item) => this.value(item as Node, depth + 1)) };
    }
    const value = isScalar(node) ? node.value : null;
    if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) {
      return { kind: 'scalar', origin, value: value as string | number | boolean | null };
    }
    this.#report(origin, 'a finite number', String(value));
    return { kind: 'scalar', origin, value: null };
  }

  #entries(map: YAMLMap, depth: number): ReadonlyMap<string, LocatedEntry> {
    const entries = new Map<string, LocatedEntry>();
    const inherited: Pair[] = [];
    for (const pair of map.items) {
      const key = isScalar(pair.key) ? pair.key.value : undefined;
      const keyOrigin = originOf(pair.key as Node | null, this.originAt);
      if (isScalar(pair.key) && key === '<<' && pair.key.type === 'PLAIN') inherited.push(pair);
      else if (typeof key !== 'string') this.#report(keyOrigin, 'a key that is text', describeKey(pair.key));
      else if (RESERVED_KEYS.has(key)) this.#report(keyOrigin, 'a key of the config', `the reserved ${key}`);
      else if (entries.has(key)) this.#report(keyOrigin, 'each key once', `a second ${shorten(key)}`);
      else entries.set(key, { keyOrigin, value: this.value(pair.value as Node | null, depth + 1) });
    }
    for (const pair of inherited) this.#inherit(entries, pair, depth);
    return entries;
  }

  /** Adds what a merge key names: the map's own keys win, then those of the first map named. */
  #inherit(entries: Map<string, LocatedEntry>, pair: Pair, depth: number): void {
    const source = this.#target(pair.value as Node | null);
    for (const item of isSeq(source) ? source.items : [source]) {
      const base = this.value(item as Node | null, depth + 1);
      if (base.kind !== 'map') {
        this.#report(
          base.origin,
          'a map, or a list of maps, after <<',
          formatValue(base.kind === 'list' ? [] : base.value),
        );
        continue;
      }
      for (const [key, entry] of base.entries) if (!entries.has(key)) entries.set(key, entry);
    }
  }

  #target(node: Node | null): Node | null {
    return isAlias(node) ? this.targets.get(node)! : node;
  }

  #report(origin: Origin, expected: string, actual: string): void {
    this.problems.push({ path: [], expected, actual, origin });
  }
}

function describeKey(key: unknown): string {
  if (isScalar(key)) return formatValue(key.value);
  return isAlias(key) ? 'an alias' : 'a map or a list';
}
