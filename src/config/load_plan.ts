import type { DatasetFacts } from '../registry/datasets/facts.js';
import { expandBlocks } from './expand_blocks.js';
import { loadFile } from './load.js';
import { formatOrigin, type Located, Origins, plainValue } from './located.js';
import { locateValue } from './located_value.js';
import { applyOverride } from './override.js';
import { ConfigError, type PlacedProblem } from './problem.js';
import { type Plan, resolveExperiment } from './resolve.js';
import { validateExperiment } from './validate.js';

export interface LoadedPlan {
  readonly plan: Plan;
  /** What gave each value: a place in a file, a --set, or the schema's default. */
  readonly origins: Origins;
  /** The config file as written, without what it extends. */
  readonly source: string;
}

/**
 * Reads a YAML config: load with `extends` → merge each `--set` → put blocks in place → validate → resolve.
 * @param sets texts of `--set`, `key=value` or `key+=value`, in order
 * @throws ConfigError with every mistake
 */
export async function loadPlan(file: string, sets: readonly string[] = []): Promise<LoadedPlan> {
  const { root: written, bases, source, problems } = await loadFile(file);
  if (!written) throw new ConfigError(problems);
  let root = written;
  const earlier = [...bases];
  for (const set of sets) {
    const overridden = applyOverride(root, set);
    earlier.push(root);
    root = overridden.root;
    problems.push(...overridden.problems);
  }
  const { plan, origins } = planLocated(root, problems, earlier);
  return { plan, origins, source };
}

/**
 * The plan of a config that was resolved before (the `config` of a run's plan.json), checked like a file.
 * @param where names the document in messages
 * @param stored what the run knows of its data
 * @throws ConfigError with every mistake
 */
export function planFromResolved(value: unknown, where: string, stored?: DatasetFacts): Plan {
  const { root, problems } = locateValue(value, { kind: 'document', name: where });
  if (!root) throw new ConfigError(problems);
  return planLocated(root, problems, [], stored).plan;
}

function planLocated(
  root: Located,
  found: readonly PlacedProblem[],
  earlier: readonly Located[] = [],
  stored?: DatasetFacts,
): { plan: Plan; origins: Origins } {
  const { root: expanded, problems: inBlocks, silenced } = expandBlocks(root);
  const origins = new Origins(expanded, earlier, root);
  const isInFile = (key: string) => root.kind === 'map' && root.entries.get(key)?.keyOrigin.kind === 'file';
  const reported = [...found, ...inBlocks];
  const validated = validateExperiment(plainValue(expanded), isInFile);
  if ('problems' in validated) {
    // A value that was refused while reading is wrong for the schema too, at the same place.
    const known = new Set(
      [...reported.map(({ origin }) => origin), ...silenced].map((origin) => formatOrigin(origin)),
    );
    const placed = validated.problems.map(({ at, ...problem }) => ({
      ...problem,
      ...origins.nearest(problem.path, at),
    }));
    throw new ConfigError([...reported, ...placed.filter(({ origin }) => !known.has(formatOrigin(origin)))]);
  }
  const resolved = resolveExperiment(validated.experiment, stored);
  const broken = 'problems' in resolved ? resolved.problems : [];
  if (reported.length > 0 || !('plan' in resolved)) {
    throw new ConfigError([
      ...reported,
      ...broken.map((problem) => ({ ...problem, ...origins.nearest(problem.path) })),
    ]);
  }
  return { plan: resolved.plan, origins };
}
