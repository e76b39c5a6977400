import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../config/resolve.js';
import { testImagesDigest } from '../data/run_images.js';
import { UserError } from '../errors.js';
import { type RunMetrics, readMetrics } from '../logging/metrics_reader.js';
import { readCheckpointState } from '../storage/checkpoint_state.js';
import { atCheckpoint } from '../storage/checkpoints.js';
import { damagedFile, readOptionalJsonFile } from '../storage/json_file.js';
import { readPredictions, type StoredPredictions } from '../storage/predictions.js';
import { type RunPaths, runPaths } from '../storage/run_directory.js';
import { grouped } from '../terminal/format.js';
import { notARun } from './not_a_run.js';
import { type InitialWeights, readRunPlan } from './run_plan.js';
import { checkedSummary, type RunSummary } from './summary.js';

/** All that a run directory tells but its weights, checked. */
export interface OpenedRun {
  readonly paths: RunPaths;
  readonly plan: Plan;
  /** Null where the initial parameters were drawn from the seed. */
  readonly init: InitialWeights | null;
  readonly metrics: RunMetrics;
  /** Null where the run has not come to its end. */
  readonly summary: RunSummary | null;
  readonly predictions: StoredPredictions | null;
  /** Of the contents of the test images, where they are files; else null. */
  readonly testImages: string | null;
  /** environment.json, as it is. */
  readonly environment: Readonly<Record<string, unknown>> | null;
  /** A sentence for each thing that a finished run would have. */
  readonly missing: readonly string[];
}

/**
 * Opens a run directory to read it; a run that is under way or was stopped is read as far as it got.
 * @throws UserError where it is no run directory, or a file in it is damaged
 */
export async function openRun(directory: string): Promise<OpenedRun> {
  const paths = runPaths(directory);
  await requireRun(paths);
  const { plan, init } = await readRunPlan(directory);
  const summary = await checkedSummary(paths);
  const metrics = await readWholeMetrics(paths, plan);
  const predictions = existsSync(paths.predictions)
    ? await readPredictions(paths.predictions, plan.dataset.count.test, plan.dataset.classes.length)
    : null;
  if (summary && predictions) requireSameEvaluation(paths, summary, predictions);
  const testImages = existsSync(paths.images) ? await testImagesDigest(paths.images) : null;
  const environment = await readEnvironment(paths.environment);
  const run = { paths, plan, init, summary, metrics, predictions, testImages, environment };
  return { ...run, missing: missingParts(run) };
}

async function requireRun({ directory, plan }: RunPaths): Promise<void> {
  if (existsSync(plan)) return;
  if (!existsSync(join(directory, 'state.json'))) throw await notARun(directory, 'a run directory');
  throw new UserError(`${directory}: expected a run directory, got a checkpoint`, {
    hint: 'Name the directory of the run that it belongs to.',
    exitCode: 2,
  });
}

/** The metrics; what the last checkpoint has counted must be there. */
async function readWholeMetrics(paths: RunPaths, plan: Plan): Promise<RunMetrics> {
  const last = join(paths.checkpoints, 'last');
  // Before the log: a run that is under way appends to it meanwhile.
  const counted = existsSync(join(last, 'state.json'))
    ? (await atCheckpoint(last, (real) => readCheckpointState(join(real, 'state.json')))).metrics_bytes
    : 0;
  const heads = plan.network.auxiliary.map(({ name }) => name);
  const metrics = await readMetrics(paths.metrics, heads, plan.dataset.chosenOn);
  const { bytes } = metrics.file;
  if (bytes < counted) {
    throw damagedFile(
      paths.metrics,
      `expected at least the ${counted} bytes that checkpoints/last recorded, got ${bytes}`,
    );
  }
  return metrics;
}

/** The two files are written one after the other; of two evaluations they would contradict each other. */
function requireSameEvaluation(
  paths: RunPaths,
  { test }: RunSummary,
  { labels, predicted }: StoredPredictions,
) {
  const correct = labels.reduce((sum, label, i) => sum + Number(label === predicted[i]), 0);
  if (correct === test.correct) return;
  throw damagedFile(
    paths.predictions,
    `expected the ${test.correct} correct predictions of summary.json, got ${correct}`,
  );
}

async function readEnvironment(path: string): Promise<OpenedRun['environment']> {
  const value = await readOptionalJsonFile(path);
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw damagedFile(path, 'expected an object');
  }
  return { ...value };
}

function missingParts({ plan, summary, metrics, predictions, environment }: Omit<OpenedRun, 'missing'>) {
  const missing: string[] = [];
  const { totalSteps } = plan.horizon;
  if (!summary) {
    missing.push(
      metrics.step < totalSteps
        ? `The run has not finished: it is at step ${grouped(metrics.step)} of ${grouped(totalSteps)}.`
        : 'summary.json is not there: the run stopped before its last evaluation. Resume it to have it.',
    );
  }
  if (!predictions) {
    missing.push(
      summary
        ? 'predictions.jsonl is not there. Resume the run: it is then evaluated again.'
        : 'predictions.jsonl is not there: it is written when a run ends.',
    );
  }
  if (metrics.file.cutShort) {
    missing.push(`The last line of metrics.jsonl (${metrics.file.lines + 1}) was cut short and is left out.`);
  }
  if (!environment) missing.push('environment.json is not there.');
  return missing;
}
