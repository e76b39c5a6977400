import { matchesName } from '../config/parameter_groups.js';
import type { Plan } from '../config/resolve.js';
import { shorten } from '../config/words.js';
import type { TensorSpec } from '../registry/layers/layer.js';
import type { StateTensor } from '../storage/safetensors.js';
import { otherTensors, type TensorProblem, tensorProblems } from './check_tensors.js';
import { initialState, type ModelState, stateFrom } from './state.js';
import { stateSpecs } from './state_specs.js';

/** How the names of a file become those of the model. */
export interface Mapping {
  /** Patterns of names, after `strip_prefix`: these start afresh, and are left out of the file. */
  readonly ignore: readonly string[];
  readonly strip_prefix: string | null;
}

/** A state from a file, and what became of each name. A counter that the file lacks starts at 0. */
export interface MatchedWeights {
  readonly state: ModelState;
  /** Names of the model whose values the file gave. */
  readonly loaded: string[];
  /** Names of the model whose values were drawn from the seed. */
  readonly fresh: string[];
  /** Names of the file, as mapped, that the model does not have. */
  readonly left_out: string[];
}

/** Characters; no layer of any model is in so many others, and what follows looks at each part of a name. */
const MAX_NAME = 1000;

type Tensors = ReadonlyMap<string, StateTensor>;
type Specs = ReadonlyMap<string, TensorSpec>;

/**
 * A fresh state of the plan's model with the tensors of a file. No name and no axis is guessed.
 * @param source names the file in messages
 * @param hint what to do, given a mapping with which the file would fit
 * @throws UserError with every difference
 */
export function matchWeights(
  plan: Plan,
  file: Tensors,
  mapping: Mapping,
  source: string,
  hint: (mapping: Mapping) => string,
): MatchedWeights {
  const specs = stateSpecs(plan.network);
  const long = [...file.keys()].find((name) => name.length > MAX_NAME);
  if (long !== undefined) {
    const text = `${shorten(long)}: expected a name of at most ${MAX_NAME} characters, got ${long.length}`;
    throw otherTensors(source, [text], 'Name another file.');
  }
  const ignored = (name: string) => mapping.ignore.some((pattern) => matchesName(pattern, name));
  const { tensors, problems: ofNames } = mapped(file, specs, mapping.strip_prefix);
  const known = [...specs.keys(), ...tensors.keys()];
  const ofPatterns = mapping.ignore
    .filter((pattern) => !known.some((name) => matchesName(pattern, name)))
    .map((pattern) => `ignore: ${JSON.stringify(pattern)} matches no name of the model or the file`);
  const wanted = without(specs, ignored);
  const given = without(tensors, ignored);
  const ofTensors = tensorProblems(wanted, given);
  const mistakes = [...ofNames, ...ofPatterns];
  if (ofTensors.length > 0) {
    // With a prefix on its names, nothing of the file fits: what would differ without it is what matters.
    const prefix = mapping.strip_prefix === null ? commonPrefix(given, wanted) : null;
    const bare = prefix === null ? null : without(mapped(file, specs, prefix).tensors, ignored);
    const differences = bare ? tensorProblems(wanted, bare) : ofTensors;
    const strip_prefix = prefix ?? mapping.strip_prefix;
    const ofPrefix = prefix
      ? [
          `${countWith(prefix, file)} of the ${file.size} names in the file begin with ${JSON.stringify(prefix)}`,
        ]
      : [];
    const ignore = patternsFor(differences, wanted, bare ?? given);
    throw otherTensors(
      source,
      [...mistakes, ...ofPrefix, ...differences.map(({ text }) => text)],
      ignore === null
        ? 'Use the config that the file was trained with ("gnet describe CONFIG" lists its parameters).'
        : hint({ ignore: [...mapping.ignore, ...ignore], strip_prefix }),
    );
  }
  const loaded = [...wanted.keys()].filter((name) => given.has(name));
  if (loaded.length === 0) mistakes.push('ignore: nothing of the file is left to load');
  if (mistakes.length > 0) throw otherTensors(source, mistakes, 'Change init in the config.');
  const fresh = [...specs.keys()].filter(ignored);
  return {
    state: stateFrom(plan, new Map([...given, ...drawn(plan, fresh)]), source),
    loaded,
    fresh,
    left_out: [...tensors.keys()].filter((name) => !specs.has(name)),
  };
}

function without<T>(map: ReadonlyMap<string, T>, ignored: (name: string) => boolean): Map<string, T> {
  return new Map([...map].filter(([name]) => !ignored(name)));
}

function drawn(plan: Plan, names: readonly string[]): (readonly [string, StateTensor])[] {
  if (names.length === 0) return [];
  const { parameters, buffers } = initialState(plan);
  return names.map((name) => [name, parameters.get(name) ?? buffers.get(name)!] as const);
}

/** DenseNet's layers in files of before 2018: `denselayer1.norm.1.weight`; torchvision renames them by the same expression. */
const OLD_DENSENET =
  /^(.*denselayer\d+\.(?:norm|relu|conv))\.((?:[12])\.(?:weight|bias|running_mean|running_var))$/;

/** The tensors under the names that they have without the prefix, and in today's DenseNet. */
function mapped(
  file: Tensors,
  specs: Specs,
  prefix: string | null,
): { tensors: Map<string, StateTensor>; problems: string[] } {
  const tensors = new Map<string, StateTensor>();
  const problems: string[] = [];
  let stripped = 0;
  for (const [written, tensor] of file) {
    const hasPrefix = prefix !== null && written.startsWith(prefix);
    if (hasPrefix) stripped++;
    const bare = hasPrefix ? written.slice(prefix.length) : written;
    const name = specs.has(bare) ? bare : bare.replace(OLD_DENSENET, '$1$2');
    if (tensors.has(name))
      problems.push(`${name}: expected once in the file, got it with and without a prefix`);
    tensors.set(name, tensor);
  }
  if (prefix !== null && stripped === 0) {
    problems.push(`strip_prefix: no name in the file begins with ${JSON.stringify(prefix)}`);
  }
  return { tensors, problems };
}

/** The prefix without which more names of a file are those of the model, most of them; null where there is none. */
function commonPrefix(file: Tensors, specs: Specs): string | null {
  const counts = new Map<string, number>();
  let asTheyAre = 0;
  for (const name of file.keys()) {
    if (specs.has(name)) asTheyAre++;
    for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
      const prefix = name.slice(0, dot + 1);
      if (specs.has(name.slice(dot + 1).replace(OLD_DENSENET, '$1$2'))) {
        counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
      }
    }
  }
  const [best] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (!best || best[1] <= asTheyAre || best[1] * 2 < specs.size) return null;
  return best[0];
}

function countWith(prefix: string, file: Tensors): number {
  return [...file.keys()].filter((name) => name.startsWith(prefix)).length;
}

/** More than these are another network. */
const MAX_PATTERNS = 12;

/**
 * Patterns that start what differs afresh, each the shortest with nothing in it that fits (`fc.*`), or that one layer; null
 * where most of the model differs.
 */
function patternsFor(problems: readonly TensorProblem[], specs: Specs, file: Tensors): string[] | null {
  const differing = new Set(problems.map(({ name }) => name));
  const fitting = [...specs.keys()].filter((name) => !differing.has(name) && file.has(name));
  if (fitting.length * 2 < specs.size) return null;
  const occupied = new Set(fitting.flatMap(prefixes));
  const patterns = [...differing].map((name) => {
    const around = prefixes(name);
    const free = around.find((prefix) => !occupied.has(prefix)) ?? around.at(-1);
    return free === undefined ? name : `${free}*`;
  });
  const distinct = [...new Set(patterns)];
  return distinct.length <= MAX_PATTERNS ? distinct : null;
}

/** `layer4.`, `layer4.0.` … of `layer4.0.conv1.weight`. */
function prefixes(name: string): string[] {
  const parts = name.split('.').slice(0, -1);
  return parts.map((_, i) => `${parts.slice(0, i + 1).join('.')}.`);
}
