import { layers } from '../registry/layers/index.js';
import { initializationTypes } from '../registry/layers/initialization.js';
import { type Block, optionOf, readBlocks } from './blocks.js';
import { type Located, type LocatedEntry, type LocatedMap, MAX_DEPTH, type Origin } from './located.js';
import type { KeyPath } from './network.js';
import type { PlacedProblem } from './problem.js';
import { alternatives, nearest, shorten } from './words.js';

/** Values of a network after its blocks are put in place: blocks that use blocks multiply. */
const MAX_VALUES = 50_000;

export interface ExpandedConfig {
  /** Without the key `blocks`, and with layers in place of each use. */
  readonly root: Located;
  readonly problems: PlacedProblem[];
  /** Places about which a problem has said all: what else is wrong there follows from it. */
  readonly silenced: ReadonlySet<Origin>;
}

/** Puts the layers of its blocks in the place of each layer that uses one, as a `sequential` with the name of the use. */
export function expandBlocks(root: Located): ExpandedConfig {
  const written = root.kind === 'map' ? root.entries.get('blocks') : undefined;
  if (root.kind !== 'map' || !written) return { root, problems: [], silenced: new Set() };
  const { blocks, problems } = readBlocks(written.value);
  const entries = new Map(root.entries);
  entries.delete('blocks');
  const model = entries.get('model');
  const expansion = new Expansion(blocks, problems);
  if (model) {
    try {
      entries.set('model', { ...model, value: expansion.expand(model.value, OUTSIDE, ['model'], 1) });
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      problems.push(error.problem);
      expansion.silenced.add(model.value.origin);
      entries.set('model', { ...model, value: { kind: 'scalar', origin: model.value.origin, value: null } });
      return { root: { ...root, entries }, problems, silenced: expansion.silenced };
    }
  }
  if (written.value.kind === 'map') {
    for (const [name, block] of blocks) {
      if (!block || expansion.used.has(name)) continue;
      const origin = written.value.entries.get(name)!.keyOrigin;
      const expected = `a block that a layer uses, as type: ${name}`;
      problems.push({ path: ['blocks', name], origin, expected, actual: 'one that none does' });
    }
  }
  return { root: { ...root, entries }, problems, silenced: expansion.silenced };
}

/** Ends the expansion where going on would take for ever. */
class TooMuch extends Error {
  constructor(readonly problem: PlacedProblem) {
    super('too much');
  }
}

/** Where a value stands that is being expanded. */
interface Context {
  /** Null outside of blocks, where $ means nothing. */
  readonly options: ReadonlyMap<string, Located> | null;
  /** Blocks that this value is in, the outermost first. */
  readonly inside: readonly string[];
  /** The places that used them, the innermost first. */
  readonly uses: readonly Origin[];
  /** Whether the value ends up elsewhere than where it was written. */
  readonly moves: boolean;
}

const OUTSIDE: Context = { options: null, inside: [], uses: [], moves: false };

class Expansion {
  readonly used = new Set<string>();
  readonly silenced = new Set<Origin>();
  #values = 0;

  constructor(
    private readonly blocks: ReadonlyMap<string, Block | null>,
    private readonly problems: PlacedProblem[],
  ) {}

  /** The value with everything in place; `path` is where it was written, `depth` where it ends up. */
  expand(value: Located, context: Context, path: KeyPath, depth: number): Located {
    const origin = moved(value.origin, context, path);
    this.#count(origin, path, depth);
    const option = context.options && optionOf(value);
    if (option) return this.#optionValue(option, value, context, path, depth);
    if (value.kind === 'scalar') return { ...value, origin };
    if (value.kind === 'list') {
      const items = value.items.map((item, index) => this.expand(item, context, [...path, index], depth + 1));
      return { kind: 'list', origin, items };
    }
    const entries = this.#entries(value, context, path, depth);
    const type = entries.get('type')?.value;
    const name = type?.kind === 'scalar' && typeof type.value === 'string' ? type.value : undefined;
    if (name === undefined || Object.hasOwn(layers, name) || this.#isInitialization(name, path)) {
      return { kind: 'map', origin, entries };
    }
    const block = this.blocks.get(name);
    if (block) return this.#use(block, { kind: 'map', origin, entries }, context, path, depth);
    if (block === null) {
      // Its own problem says what is wrong; one that was taken away is unknown.
      this.used.add(name);
      if (!this.#isTakenAway(name)) return this.#nothing(origin);
    }
    this.#unknownType(name, type!.origin, [...path, 'type']);
    return { kind: 'map', origin, entries };
  }

  #entries(map: LocatedMap, context: Context, path: KeyPath, depth: number): Map<string, LocatedEntry> {
    const type = map.entries.get('type')?.value;
    const isUse = type?.kind === 'scalar' && this.blocks.has(String(type.value));
    const inner = isUse ? { ...context, moves: true } : context;
    const entries = [...map.entries].map(([key, entry]): [string, LocatedEntry] => {
      const at = [...path, key];
      return [
        key,
        {
          keyOrigin: moved(entry.keyOrigin, inner, at),
          value: this.expand(entry.value, inner, at, depth + 1),
        },
      ];
    });
    return new Map(entries);
  }

  #optionValue(option: string, value: Located, context: Context, path: KeyPath, depth: number): Located {
    const given = context.options!.get(option);
    if (given) {
      this.#countAll(given, moved(value.origin, context, path), path, depth);
      return given;
    }
    const known = [...context.options!.keys()];
    const expected =
      known.length === 0
        ? 'a value (no option can stand here)'
        : `an option of the block ($${known.join(', $')})`;
    const near = nearest(option, known);
    const origin = moved(value.origin, context, path);
    this.problems.push({
      path,
      origin,
      expected,
      actual: shorten(`$${option}`),
      ...(near && { suggestion: `did you mean $${near}?` }),
    });
    return this.#nothing(origin);
  }

  /** The layers of a block, with the options that a use of it gives. */
  #use(block: Block, use: LocatedMap, context: Context, path: KeyPath, depth: number): Located {
    this.used.add(block.name);
    if (context.inside.includes(block.name)) {
      this.problems.push({
        path,
        origin: use.origin,
        expected: 'blocks that do not use themselves in a circle',
        actual: [...context.inside, block.name].join(' → '),
      });
      return this.#nothing(use.origin);
    }
    const inner = {
      options: new Map<string, Located>(),
      inside: [...context.inside, block.name],
      uses: [withoutUses(use.origin), ...context.uses],
      moves: true,
    };
    if (!this.#give(block, use, inner, path, depth)) return this.#nothing(use.origin);
    const at = ['blocks', block.name, 'layers'];
    const { type, name } = Object.fromEntries(use.entries);
    const held = this.expand(block.layers.value, inner, at, depth + 1);
    const entries = new Map<string, LocatedEntry>([
      ['type', { ...type!, value: { kind: 'scalar', origin: type!.value.origin, value: 'sequential' } }],
      ...(name ? [['name', name] as const] : []),
      ['layers', { keyOrigin: moved(block.layers.keyOrigin, inner, at), value: held }],
    ]);
    return { kind: 'map', origin: use.origin, entries };
  }

  /** Gives each option its value; false where one that is required is missing. */
  #give(
    block: Block,
    use: LocatedMap,
    inner: Context & { readonly options: Map<string, Located> },
    path: KeyPath,
    depth: number,
  ): boolean {
    const known = [...block.options.keys()];
    const given = [...use.entries].filter(([key]) => key !== 'type' && key !== 'name');
    const misspelt = new Set<string>();
    for (const [key, { keyOrigin }] of given) {
      if (block.options.has(key)) continue;
      const near = nearest(key, known);
      if (near) misspelt.add(near);
      this.problems.push({
        path: [...path, key],
        origin: keyOrigin,
        expected:
          known.length === 0
            ? `no option, as ${block.name} has none`
            : `an option of ${block.name} (${known.join(', ')})`,
        actual: shorten(key),
        ...(near && { suggestion: `did you mean ${near}?` }),
      });
    }
    let isComplete = true;
    for (const [option, byDefault] of block.options) {
      const value = use.entries.get(option)?.value;
      if (value) inner.options.set(option, value);
      else if (byDefault) {
        const at = ['blocks', block.name, 'options', option];
        inner.options.set(option, this.expand(byDefault, { ...inner, options: new Map() }, at, depth));
      } else {
        isComplete = false;
        // One problem, that of the spelling.
        if (misspelt.has(option)) continue;
        this.problems.push({
          path,
          origin: use.origin,
          expected: `the option ${option} of ${block.name}`,
          actual: given.length === 0 ? 'no option' : `only ${shorten(given.map(([key]) => key).join(', '))}`,
        });
      }
    }
    return isComplete;
  }

  /**
   * Whether what stands there is no layer, though it has a type: `init` of a layer, or what an option of a block gets and
   * may be put there. Layers stand in lists.
   */
  #isInitialization(type: string, path: KeyPath): boolean {
    if (path.at(-1) === 'init' || path.at(-2) === 'init') return true;
    return initializationTypes.has(type) && !this.blocks.has(type) && typeof path.at(-1) === 'string';
  }

  #unknownType(type: string, origin: Origin, path: KeyPath): void {
    const types = Object.keys(layers);
    const blocks = [...this.blocks.keys()].filter((name) => !this.#isTakenAway(name));
    const near = nearest(type, [...types, ...blocks]);
    const ofBlocks = blocks.length > 0 ? `, or of the blocks ${alternatives(blocks)}` : '';
    this.problems.push({
      path,
      origin,
      expected: `one of ${types.join(', ')}${ofBlocks}`,
      actual: JSON.stringify(shorten(type)),
      ...(near && { suggestion: `did you mean ${near}?` }),
    });
  }

  /** Whether null stands for the block (`basic: null`), not for its mistakes. */
  #isTakenAway(name: string): boolean {
    const isAbout = ({ path }: PlacedProblem) => path[0] === 'blocks' && path[1] === name;
    return this.blocks.get(name) === null && !this.problems.some(isAbout);
  }

  /** What stands in place of something that a problem has been reported of. */
  #nothing(origin: Origin): Located {
    this.silenced.add(origin);
    return { kind: 'scalar', origin, value: null };
  }

  /** Values that a $option puts in place, each time again. */
  #countAll(value: Located, origin: Origin, path: KeyPath, depth: number): void {
    this.#count(origin, path, depth);
    if (value.kind === 'list') for (const item of value.items) this.#countAll(item, origin, path, depth + 1);
    if (value.kind === 'map') {
      for (const entry of value.entries.values()) this.#countAll(entry.value, origin, path, depth + 1);
    }
  }

  #count(origin: Origin, path: KeyPath, depth: number): void {
    if (depth > MAX_DEPTH) {
      const expected = `at most ${MAX_DEPTH} levels of maps and lists after blocks are put in place`;
      throw new TooMuch({ path, origin, expected, actual: 'more' });
    }
    if (++this.#values > MAX_VALUES) {
      const expected = `a network of at most ${MAX_VALUES} values after blocks are put in place`;
      throw new TooMuch({ path, origin, expected, actual: 'more (blocks that use blocks multiply)' });
    }
  }
}

function moved(origin: Origin, { uses, moves }: Context, path: KeyPath): Origin {
  return moves ? { kind: 'moved', written: origin, path, uses } : origin;
}

function withoutUses(origin: Origin): Origin {
  return origin.kind === 'moved' ? origin.written : origin;
}
