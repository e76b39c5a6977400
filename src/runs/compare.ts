import { realpath } from 'node:fs/promises';
import { compareConfigs, type Difference, decidesResult } from '../config/compare.js';
import { UserError } from '../errors.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { type McNemar, mcnemar } from '../statistics/mcnemar.js';
import { describeSample, type Sample, type Welch, welch } from '../statistics/sample.js';
import { type OpenedRun, openRun } from './open_run.js';

/** The numbers of a run; null before there are any. Accuracies are from 0 to 1, of the test set. */
export interface ComparedRun {
  readonly run: string;
  readonly seed: number;
  /** The most accurate evaluation, whose weights checkpoints/best holds. */
  readonly best_accuracy: number | null;
  readonly best_loss: number | null;
  readonly best_epoch: number | null;
  readonly last_accuracy: number | null;
  readonly last_loss: number | null;
  readonly steps: number;
  /** What the training steps of whole epochs took. */
  readonly train_seconds: number | null;
  readonly images_per_second: number | null;
  readonly finished: boolean;
}

/** A key of the config that is not the same in all runs, and its values in their order. */
export interface ConfigDifference {
  readonly key: string;
  readonly values: readonly unknown[];
}

/** Finished runs that differ in the seed, the name and what decides no result at most. */
export interface Group {
  readonly runs: readonly string[];
  readonly seeds: readonly number[];
  readonly best_accuracy: Sample;
  readonly last_accuracy: Sample;
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly ConfigDifference[];
  /** For two runs. */
  readonly mcnemar: McNemar | null;
  readonly groups: readonly Group[];
  /** Of the best accuracies, for two groups. */
  readonly welch: Welch | null;
  /** Sentences: what was left out and why. */
  readonly notes: readonly string[];
}

/**
 * Opens the runs to compare.
 * @throws UserError where there are fewer than two, one is named twice, or one cannot be read
 */
export async function openRuns(directories: readonly string[]): Promise<OpenedRun[]> {
  if (directories.length < 2) {
    throw new UserError(`expected at least two run directories, got ${directories.length}`, {
      hint: 'gnet report RUN shows a single run.',
      exitCode: 2,
    });
  }
  const runs: OpenedRun[] = [];
  const seen = new Map<string, string>();
  for (const directory of directories) {
    runs.push(await openRun(directory));
    const real = await realpath(directory);
    const earlier = seen.get(real);
    if (earlier !== undefined) {
      throw new UserError(`${directory}: expected another run, got the same as ${earlier}`, { exitCode: 2 });
    }
    seen.set(real, directory);
  }
  return runs;
}

/** What differs between runs, and whether it is more than chance. */
export function compareRuns(runs: readonly OpenedRun[]): Comparison {
  const notes = runs.flatMap(({ paths, missing }) => missing.map((text) => `${paths.directory}: ${text}`));
  const pair = runs.length === 2 ? comparePredictions(runs[0]!, runs[1]!) : null;
  if (typeof pair === 'string') notes.push(`No test of the two runs' predictions: ${pair}`);
  const groups = groupRuns(runs, notes);
  const [first, second] = groups;
  const tested =
    first && second && groups.length === 2 ? welch(first.best_accuracy, second.best_accuracy) : null;
  if (groups.length > 2) notes.push(`No test between groups: it is for two, and there are ${groups.length}.`);
  if (groups.length === 2 && tested === null) {
    notes.push(
      'No test between the groups: neither varies at all, and the test weighs a difference by how much they do.',
    );
  }
  if (first && groups.length === 1 && first.runs.length < runs.length) {
    notes.push(
      'No test between groups: there is one; a group is two runs or more that differ in the seed alone.',
    );
  }
  return {
    runs: runs.map(summarize),
    differences: configDifferences(runs),
    mcnemar: typeof pair === 'string' ? null : pair,
    groups,
    welch: tested,
    notes,
  };
}

function summarize({ paths, plan, metrics, summary }: OpenedRun): ComparedRun {
  const { best, last } = metrics;
  return {
    run: paths.directory,
    seed: plan.config.seed,
    best_accuracy: best?.accuracy ?? null,
    best_loss: best?.loss ?? null,
    best_epoch: best?.epoch ?? null,
    last_accuracy: last?.accuracy ?? null,
    last_loss: last?.loss ?? null,
    steps: metrics.step,
    train_seconds: metrics.seconds || null,
    images_per_second: metrics.seconds > 0 ? metrics.images / metrics.seconds : null,
    finished: summary !== null,
  };
}

/**
 * Every key that differs from the first run's in any other; one that lies within another such key is left to it. `init`
 * is what a run began with, where that differs.
 */
function configDifferences(runs: readonly OpenedRun[]): ConfigDifference[] {
  const configs = runs.map(({ plan }) => plan.config);
  const paths = new Map<string, Difference['path']>();
  for (const config of configs.slice(1)) {
    for (const { path } of compareConfigs(configs[0]!, config)) paths.set(path.join('.'), path);
  }
  const fromConfig = [...paths]
    .filter(([, path]) => !path.some((_, length) => length > 0 && paths.has(path.slice(0, length).join('.'))))
    .map(([key, path]) => ({ key, values: configs.map((config) => valueAt(config, path)) }));
  if (sameInit(runs)) return fromConfig;
  const fromInit = (['file', 'sha256'] as const).map((key) => ({
    key: `init.${key}`,
    values: runs.map(({ init }) => init?.[key]),
  }));
  return [...fromConfig, ...fromInit];
}

/** Whether all runs began with the same parameters, or all with those of their seeds. Where a file lay tells nothing. */
function sameInit(runs: readonly OpenedRun[]): boolean {
  return new Set(runs.map(({ init }) => init?.sha256)).size === 1;
}

function valueAt(config: unknown, path: Difference['path']): unknown {
  return path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    config,
  );
}

/** McNemar's test, or why it cannot be done. */
function comparePredictions(first: OpenedRun, second: OpenedRun): McNemar | string {
  for (const { paths, predictions } of [first, second]) {
    if (!predictions) return `${paths.directory} has no predictions.jsonl.`;
  }
  const [a, b] = [first.plan.config, second.plan.config];
  if (a.dataset.type !== b.dataset.type) return `the data sets are ${a.dataset.type} and ${b.dataset.type}.`;
  const decisive = compareConfigs(a, b).filter(decidesResult);
  if (decisive.some(({ path }) => path.slice(0, 2).join('.') === 'dataset.archive')) {
    return 'their data sets are from archives of different content.';
  }
  if (datasetEntry(a.dataset.type).kind === 'generated' && a.seed !== b.seed) {
    return `${a.dataset.type} draws its test images from the seed, and the seeds differ.`;
  }
  const [one, two] = [first.predictions!, second.predictions!];
  const sameLabels =
    one.labels.length === two.labels.length && one.labels.every((label, i) => label === two.labels[i]);
  if (!sameLabels) return 'they are not about the same test images.';
  const correct = ({ labels, predicted }: typeof one) =>
    Array.from(labels, (label, i) => label === predicted[i]);
  return mcnemar(correct(one), correct(two));
}

/** Groups of two runs and more. A seed that comes twice is no second draw: what such a run adds is left out. */
function groupRuns(runs: readonly OpenedRun[], notes: string[]): Group[] {
  const groups: OpenedRun[][] = [];
  for (const run of runs) {
    if (!run.summary || !run.metrics.best || !run.metrics.last) continue;
    const group = groups.find(([member]) => isReplicate(member!, run));
    if (!group) groups.push([run]);
    else if (group.some(({ plan }) => plan.config.seed === run.plan.config.seed)) {
      notes.push(
        `${run.paths.directory}: left out of its group, which has a run of seed ${run.plan.config.seed}.`,
      );
    } else group.push(run);
  }
  return groups
    .filter((group) => group.length > 1)
    .map((group) => ({
      runs: group.map(({ paths }) => paths.directory),
      seeds: group.map(({ plan }) => plan.config.seed),
      best_accuracy: describeSample(group.map(({ metrics }) => metrics.best!.accuracy)),
      last_accuracy: describeSample(group.map(({ metrics }) => metrics.last!.accuracy)),
    }));
}

function isReplicate(first: OpenedRun, second: OpenedRun): boolean {
  const differences = compareConfigs(first.plan.config, second.plan.config);
  return (
    sameInit([first, second]) &&
    differences.every(
      (difference) => !decidesResult(difference) || ['seed', 'name'].includes(difference.path.join('.')),
    )
  );
}
