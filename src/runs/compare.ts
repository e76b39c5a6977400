import { realpath } from 'node:fs/promises';
import { canonicalJson } from '../config/canonical.js';
import { compareConfigs, type Difference, decidesResult } from '../config/compare.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import type { EvaluationLine } from '../logging/metrics_log.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { type McNemar, mcnemar } from '../statistics/mcnemar.js';
import { describeSample, type Sample, type Welch, welch } from '../statistics/sample.js';
import type { Scores } from '../statistics/scores.js';
import { OPTIMISTIC } from './chosen_on.js';
import { type OpenedRun, openRun } from './open_run.js';
import type { RunSummary } from './summary.js';

/** The numbers of a run; null before there are any. Accuracies are from 0 to 1. */
export interface ComparedRun {
  readonly run: string;
  readonly seed: number;
  /** The split by whose evaluations the epoch was chosen; chosen on test, the figures of the test set are optimistic. */
  readonly chosen_on: EvaluationLine['split'];
  /** The epoch of the most accurate evaluation, whose weights checkpoints/best holds. */
  readonly best_epoch: number | null;
  /** Of these weights, on the test set. */
  readonly test_accuracy: number | null;
  readonly test_loss: number | null;
  /** Of these weights, on the test set; null where they were not measured. */
  readonly test_scores: Scores | null;
  /** Of these weights, on the validation images; null where the test set stands in for them. */
  readonly validation_accuracy: number | null;
  readonly validation_loss: number | null;
  /** Of the last evaluation of the split `chosen_on`. */
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
  /** Of checkpoints/best on the test set. */
  readonly test_accuracy: Sample;
  /** Of the last evaluation of the split by which the epoch was chosen. */
  readonly last_accuracy: Sample;
}

export interface Comparison {
  readonly runs: readonly ComparedRun[];
  readonly differences: readonly ConfigDifference[];
  /** For two runs. */
  readonly mcnemar: McNemar | null;
  readonly groups: readonly Group[];
  /** Of the test accuracies, for two groups. */
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
  notes.push(...choiceNotes(runs));
  const pair = runs.length === 2 ? comparePredictions(runs[0]!, runs[1]!) : null;
  if (typeof pair === 'string') notes.push(`No test of the two runs' predictions: ${pair}`);
  const groups = groupRuns(runs, notes);
  const [first, second] = groups;
  const tested =
    first && second && groups.length === 2 ? welch(first.test_accuracy, second.test_accuracy) : null;
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
  const { chosenOn } = plan.dataset;
  const test = testResult({ plan, metrics, summary });
  const validation = chosenOn === 'validation' ? best : null;
  return {
    run: paths.directory,
    seed: plan.config.seed,
    chosen_on: chosenOn,
    best_epoch: best?.epoch ?? null,
    test_accuracy: test?.accuracy ?? null,
    test_loss: test?.loss ?? null,
    test_scores: test?.scores ?? null,
    validation_accuracy: validation?.accuracy ?? null,
    validation_loss: validation?.loss ?? null,
    last_accuracy: last?.accuracy ?? null,
    last_loss: last?.loss ?? null,
    steps: metrics.step,
    train_seconds: metrics.seconds || null,
    images_per_second: metrics.seconds > 0 ? metrics.images / metrics.seconds : null,
    finished: summary !== null,
  };
}

/** How the best weights did on the test set; null where nobody has tried them on it yet. */
export function testResult({
  plan,
  metrics,
  summary,
}: Pick<OpenedRun, 'plan' | 'metrics' | 'summary'>): RunSummary['test'] | null {
  return summary?.test ?? (plan.dataset.chosenOn === 'test' ? metrics.best : null);
}

/** Where a test set has chosen, it is said; and where not all runs were chosen alike. */
function choiceNotes(runs: readonly OpenedRun[]): string[] {
  const onTest = runs.filter(({ plan }) => plan.dataset.chosenOn === 'test');
  if (onTest.length === 0) return [];
  const names = onTest.map(({ paths }) => paths.directory).join(', ');
  const said = `${OPTIMISTIC.replace(/^c/, 'C')} (${names}).`;
  if (onTest.length === runs.length) return [said];
  return [`${said} The others were chosen on validation images: the test accuracies are not measured alike.`];
}

/**
 * Every key that differs from the first run's in any other; one that lies within another such key is left to it. `init`
 * is what a run began with, where that differs.
 */
function configDifferences(runs: readonly OpenedRun[]): ConfigDifference[] {
  const configs = runs.map(({ plan }) => plan.config);
  const paths = new Map<string, Difference['path']>();
  for (const config of configs.slice(1)) {
    for (const { path } of compareConfigs(configs[0]!, config)) {
      if (path[0] !== 'init') paths.set(path.join('.'), path);
    }
  }
  const fromConfig = [...paths]
    .filter(([, path]) => !path.some((_, length) => length > 0 && paths.has(path.slice(0, length).join('.'))))
    .map(([key, path]) => ({ key, values: configs.map((config) => valueAt(config, path)) }));
  if (sameInit(runs)) return fromConfig;
  const keys = (['file', 'sha256', 'ignore', 'strip_prefix'] as const).filter(
    (key) => key === 'file' || key === 'sha256' || initsDiffer(runs, key),
  );
  const fromInit = keys.map((key) => ({ key: `init.${key}`, values: runs.map(({ init }) => init?.[key]) }));
  return [...fromConfig, ...fromInit];
}

/** Whether all runs began with the same parameters, or all with those of their seeds. Where a file lay tells nothing. */
function sameInit(runs: readonly OpenedRun[]): boolean {
  const started = runs.map(({ init }) => init && [init.sha256, init.ignore, init.strip_prefix]);
  return new Set(started.map(canonicalJson)).size === 1;
}

/** Whether runs that began with a file took something else of it. */
function initsDiffer(runs: readonly OpenedRun[], key: 'ignore' | 'strip_prefix'): boolean {
  const values = runs.flatMap(({ init }) => (init ? [canonicalJson(init[key])] : []));
  return new Set(values).size > 1;
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
  const sizeOf = ({ image }: Plan['dataset']) => `${image.channels} × ${image.height} × ${image.width}`;
  const [size, other] = [sizeOf(first.plan.dataset), sizeOf(second.plan.dataset)];
  if (size !== other) return `the images are of ${size} and ${other}.`;
  const [one, two] = [first.predictions!, second.predictions!];
  const sameLabels =
    one.labels.length === two.labels.length && one.labels.every((label, i) => label === two.labels[i]);
  if (!sameLabels || first.testImages !== second.testImages)
    return 'they are not about the same test images.';
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
      test_accuracy: describeSample(group.map((run) => testResult(run)!.accuracy)),
      last_accuracy: describeSample(group.map(({ metrics }) => metrics.last!.accuracy)),
    }));
}

function isReplicate(first: OpenedRun, second: OpenedRun): boolean {
  // What `init` names may lie elsewhere: its content counts.
  const differences = compareConfigs(first.plan.config, second.plan.config).filter(
    ({ path }) => path[0] !== 'init',
  );
  return (
    sameInit([first, second]) &&
    differences.every(
      (difference) => !decidesResult(difference) || ['seed', 'name'].includes(difference.path.join('.')),
    )
  );
}
