import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '../config/canonical.js';
import { compareConfigs, decidesResult } from '../config/compare.js';
import { type LoadedPlan, planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import type { PreparedImages } from '../data/prepare_images.js';
import { writeRunImages } from '../data/run_images.js';
import { systemErrorCode, UserError } from '../errors.js';
import type { ModelState } from '../model/state.js';
import { checkSlots, fromStateDict, initialState, stateDict } from '../model/state.js';
import type { AveragedWeights } from '../model/weight_average.js';
import type { DatasetFacts } from '../registry/datasets/facts.js';
import { datasetEntry } from '../registry/datasets/index.js';
import { type InitialWeights, readRunPlan, runPlanText } from '../runs/run_plan.js';
import { type RunSummary, readSummary } from '../runs/summary.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { readCheckpoint, saveCheckpoint } from '../storage/checkpoints.js';
import { fileError } from '../storage/file_error.js';
import { readJsonFile } from '../storage/json_file.js';
import { writeJsonLines } from '../storage/json_lines.js';
import { makeDirectory } from '../storage/make_directory.js';
import {
  createRunDirectory,
  findLatestRun,
  foreignEntries,
  hasCheckpoint,
  type LatestRun,
  RUNS,
  type RunPaths,
  runPaths,
} from '../storage/run_directory.js';
import { lockRunDirectory } from '../storage/run_lock.js';
import type { Environment } from './environment.js';
import { environmentChange } from './environment_change.js';
import { readInitial } from './initial_weights.js';
import { type Position, START } from './progress.js';
import { type LogPosition, Recorder } from './recorder.js';

/** Which directory a run writes to, and whether it goes on from what is there. */
export interface RunRequest {
  readonly runDir: string | undefined;
  readonly resume: boolean;
  /** What the initial parameters are read from, in place of `init.file`. */
  readonly init: string | undefined;
}

/** A run directory that is ours, with its logs open, and the state to start from. */
export interface RunSession {
  /** With what is left where image files cannot be read; with what the run knew of its images, in one that goes on. */
  readonly plan: Plan;
  readonly paths: RunPaths;
  readonly recorder: Recorder;
  readonly position: Position;
  readonly state: ModelState;
  /** Of the weights so far; null where there is none. */
  readonly averaged: AveragedWeights | null;
  /** What the file gave that a new run starts from; null where there is none, and in a run that goes on. */
  readonly init: InitialWeights | null;
  /** Whether it goes on with an earlier run. */
  readonly resumed: boolean;
  /** Newer runs of that name, which have no checkpoint to go on from. */
  readonly passedOver: readonly string[];
  /** What computes otherwise than before, in a sentence; null where nothing does. */
  readonly change: string | null;
  /** Step of the checkpoint that the directory holds, or null. */
  readonly savedStep: number | null;
  /** Closes the logs and lets other processes have the directory. */
  close(): Promise<void>;
}

/** A run that has come to its end: there is nothing to go on with, and nothing in it is changed. */
export type FinishedRun = Pick<RunSession, 'passedOver'> & { readonly summary: RunSummary };

/** What a session starts from; `logs` are null where it writes them from the beginning. */
type Start = Pick<RunSession, 'position' | 'state' | 'averaged' | 'savedStep'> & {
  readonly logs: LogPosition | null;
};

/** Looks at the image files that a new run begins with. */
export type PrepareImages = (plan: Plan) => Promise<PreparedImages>;

/**
 * Makes or finds the run directory, and locks it. Where it cannot be used, nothing in it is changed.
 * @param prepare is called of a new run on image files
 * @throws UserError
 */
export async function openRunSession(
  loaded: LoadedPlan,
  request: RunRequest,
  environment: Environment,
  prepare: PrepareImages,
): Promise<RunSession | FinishedRun> {
  const found = request.resume ? await findRun(loaded.plan, request.runDir) : null;
  const existing = found?.directory ?? null;
  const hasFiles = datasetEntry(loaded.plan.config.dataset.type).kind === 'files';
  const init = existing ? null : await readInitial(loaded, request.init);
  const prepared = hasFiles && !existing ? await prepare(loaded.plan) : null;
  const plan = existing ? await planToGoOn(existing, loaded.plan) : (prepared?.plan ?? loaded.plan);
  const directory =
    existing ?? (await makeRunDirectory(plan, request.runDir, new Date(environment.started_at)));
  const paths = runPaths(directory);
  const lock = await lockRunDirectory(directory);
  try {
    const start = existing
      ? await readStart(plan, paths)
      : await beginRun({ ...loaded, plan }, paths, init?.state ?? null);
    const { passedOver } = found ?? { passedOver: [] };
    const summary = start.position.finished ? await readSummary(paths) : null;
    if (summary) {
      await lock.release();
      return { summary, passedOver };
    }
    const recorder = Recorder.open(paths, start.logs, { plan, ...environment });
    const earlier_sessions = existing ? await readEnvironment(paths.environment) : [];
    await writeFileAtomic(paths.environment, json({ ...environment, earlier_sessions }));
    if (prepared) {
      await writeRunImages(paths.images, prepared.lines);
      if (prepared.unreadable.length > 0) await writeJsonLines(paths.unreadable, prepared.unreadable);
    }
    // Last: a directory with a plan is a run that can be resumed.
    if (!existing) await writeFileAtomic(paths.plan, runPlanText({ plan, init: init?.weights ?? null }));
    const close = async () => {
      recorder.close();
      await lock.release();
    };
    const change = environmentChange(earlier_sessions[0], environment);
    const weights = init?.weights ?? null;
    return {
      ...start,
      plan,
      init: weights,
      paths,
      recorder,
      resumed: existing !== null,
      passedOver,
      change,
      close,
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The plan of a run that goes on, which must be what it was; its images are those that its images.jsonl lists. */
async function planToGoOn(directory: string, now: Plan): Promise<Plan> {
  const { plan: before } = await readRunPlan(directory);
  requireSameConfig(directory, before, now);
  if (datasetEntry(now.config.dataset.type).kind === 'files') {
    return planFromResolved(now.config, 'the config', before.dataset);
  }
  requireSameData(directory, before.dataset, now.dataset);
  return now;
}

async function findRun(plan: Plan, runDir: string | undefined): Promise<LatestRun | null> {
  if (runDir === undefined) return findLatestRun(RUNS, plan.config.name);
  return existsSync(runPaths(runDir).plan) ? { directory: runDir, passedOver: [] } : null;
}

async function makeRunDirectory(plan: Plan, runDir: string | undefined, now: Date): Promise<string> {
  if (runDir === undefined) return createRunDirectory(RUNS, plan.config.name, now);
  if (existsSync(runPaths(runDir).plan)) {
    throw new UserError(`--run-dir ${runDir}: expected a new directory, got one that holds a run`, {
      hint: 'Add --resume to go on with that run, or name another directory.',
      exitCode: 2,
    });
  }
  await makeNamedDirectory(runDir);
  const [first, ...others] = await foreignEntries(runDir);
  if (first !== undefined) {
    const more = others.length === 0 ? '' : ` and ${others.length} more`;
    throw new UserError(
      `--run-dir ${runDir}: expected a new or an empty directory, got one that holds ${first}${more}`,
      { hint: 'Name another directory: a run must not mix with other files.', exitCode: 2 },
    );
  }
  return runDir;
}

async function makeNamedDirectory(runDir: string): Promise<void> {
  try {
    await makeDirectory(runDir);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw fileError('write', runDir, error);
    throw new UserError(`--run-dir ${runDir}: expected a directory, got a file`, {
      hint: 'Name another directory.',
      exitCode: 2,
    });
  }
}

/** @throws UserError that lists every key that would change what comes out */
function requireSameConfig(directory: string, before: Plan, now: Plan): void {
  const changed = compareConfigs(before.config, now.config).filter(decidesResult);
  if (changed.length === 0) return;
  const text = (value: unknown) => JSON.stringify(value) ?? 'nothing';
  const lines = changed.map(
    ({ path, before: old, after }) => `  ${path.join('.')}: ${text(old)} in the run, ${text(after)} now`,
  );
  throw new UserError(
    `${directory}: the config differs from the one that the run began with\n${lines.join('\n')}`,
    { hint: 'Undo the changes to resume, or start a new run without --resume.', exitCode: 2 },
  );
}

/** @throws UserError where the data set is not what it was */
function requireSameData(directory: string, before: DatasetFacts, now: DatasetFacts): void {
  if (canonicalJson(before) === canonicalJson(now)) return;
  const text = ({ classes, image, count }: DatasetFacts) =>
    `${classes.length} classes, images of ${image.channels} × ${image.height} × ${image.width}, ${count.train} + ${count.validation} + ${count.test} of them`;
  throw new UserError(
    `${directory}: expected the data set that the run began with (${text(before)}), got ${text(now)}`,
    { hint: 'Put the data set back to resume, or start a new run without --resume.', exitCode: 2 },
  );
}

async function beginRun(
  { plan, source }: LoadedPlan,
  paths: RunPaths,
  init: ModelState | null,
): Promise<Start> {
  await writeFileAtomic(paths.config, source);
  if (!init) return fromNothing(initialState(plan), null);
  // Kept with the run: killed before its first checkpoint, it must not start again from other parameters.
  const { config, dataset } = plan;
  const state = { version: 1 as const, ...START, metrics_bytes: 0, events: null, config, dataset };
  await saveCheckpoint(
    paths.checkpoints,
    { tensors: stateDict(plan.network, init), slots: init.slots, state },
    ['last'],
  );
  return fromNothing(init, 0);
}

function fromNothing(state: ModelState, savedStep: number | null): Start {
  return { position: START, state, averaged: null, savedStep, logs: null };
}

/** The state in the newest checkpoint of a run. */
async function readStart(plan: Plan, paths: RunPaths): Promise<Start> {
  // Killed before its first checkpoint, a run starts again from nothing.
  if (!(await hasCheckpoint(paths.directory, 'last'))) return fromNothing(initialState(plan), null);
  const last = join(paths.checkpoints, 'last');
  const { tensors, slots, average, state } = await readCheckpoint(last);
  const weights = fromStateDict(plan.network, tensors, last);
  checkSlots(plan, slots, last);
  const { step, epoch, step_in_epoch, epoch_totals, best, finished, seconds, metrics_bytes, events } = state;
  return {
    position: { step, epoch, step_in_epoch, epoch_totals, best, finished, seconds: seconds ?? 0 },
    state: { ...weights, slots },
    averaged: average
      ? { weights: fromStateDict(plan.network, average, `${last}, average`), count: state.averaged! }
      : null,
    savedStep: step,
    logs: { metrics_bytes, events },
  };
}

/** Earlier sessions of a run, newest first. Lost history is no reason to refuse a run. */
async function readEnvironment(file: string): Promise<unknown[]> {
  try {
    const { earlier_sessions: earlier, ...latest } = (await readJsonFile(file)) as Record<string, unknown>;
    return [latest, ...(Array.isArray(earlier) ? earlier : [])];
  } catch {
    return [];
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
