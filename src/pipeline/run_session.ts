import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareConfigs } from '../config/compare.js';
import { type LoadedPlan, planFromResolved } from '../config/load_plan.js';
import type { Plan } from '../config/resolve.js';
import { UserError } from '../errors.js';
import type { ModelState } from '../model/state.js';
import { checkParameters, checkSlots, initialState, stateFrom } from '../model/state.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { readCheckpoint } from '../storage/checkpoints.js';
import { fileError } from '../storage/file_error.js';
import { createRunDirectory, findLatestRun, type RunPaths, runPaths } from '../storage/run_directory.js';
import { lockRunDirectory, type RunLock } from '../storage/run_lock.js';
import { readSafetensors } from '../storage/safetensors.js';
import type { Environment } from './environment.js';
import { type Position, START } from './progress.js';
import type { LogPosition } from './recorder.js';

/** Which directory a run writes to, and whether it goes on from what is there. */
export interface RunRequest {
  readonly runDir: string | undefined;
  readonly resume: boolean;
  /** A safetensors file with the initial parameters. */
  readonly init: string | undefined;
}

/** A run directory that is ours, and the state to start from. */
export interface RunSession {
  readonly paths: RunPaths;
  readonly lock: RunLock;
  readonly position: Position;
  readonly state: ModelState;
  /** Lengths of the logs at the checkpoint; null for a fresh start. */
  readonly logs: LogPosition | null;
}

/** Where runs go that name no directory. */
export const RUNS = 'runs';

/** Keys that a resumed run may change: they decide where it computes and what it saves, not what comes out. */
const MAY_CHANGE = /^(backend|dataset\.root|dataset\.archive|checkpoint)(\.|$)/;

/** Makes or finds the run directory, and locks it. Release the lock when the run ends. */
export async function openRunSession(
  loaded: LoadedPlan,
  request: RunRequest,
  environment: Environment,
): Promise<RunSession> {
  const existing = request.resume ? await findRun(loaded.plan, request.runDir) : null;
  if (existing) return resumeRun(loaded.plan, existing, environment);
  const state =
    request.init === undefined ? initialState(loaded.plan) : await readInitial(loaded.plan, request.init);
  const directory = await makeRunDirectory(loaded.plan, request.runDir, new Date(environment.started_at));
  const paths = runPaths(directory);
  const lock = await lockRunDirectory(directory);
  await writeFileAtomic(paths.config, loaded.source);
  await writeFileAtomic(paths.environment, json(environment));
  // Last: a directory with a plan is a run that can be resumed.
  await writeFileAtomic(paths.plan, json(loaded.plan));
  return { paths, lock, position: START, state, logs: null };
}

async function findRun(plan: Plan, runDir: string | undefined): Promise<string | null> {
  if (runDir === undefined) return findLatestRun(RUNS, plan.config.name);
  return existsSync(runPaths(runDir).plan) ? runDir : null;
}

async function makeRunDirectory(plan: Plan, runDir: string | undefined, now: Date): Promise<string> {
  if (runDir === undefined) return createRunDirectory(RUNS, plan.config.name, now);
  if (existsSync(runPaths(runDir).plan)) {
    throw new UserError(`--run-dir ${runDir}: expected a new directory, got one that holds a run`, {
      hint: 'Add --resume to go on with that run, or name another directory.',
      exitCode: 2,
    });
  }
  try {
    await mkdir(runDir, { recursive: true });
  } catch (error) {
    throw fileError('write', runDir, error);
  }
  return runDir;
}

async function resumeRun(plan: Plan, directory: string, environment: Environment): Promise<RunSession> {
  const paths = runPaths(directory);
  const before = await readRunPlan(directory);
  const changed = compareConfigs(before.config, plan.config).filter(
    ({ path }) => !MAY_CHANGE.test(path.join('.')),
  );
  if (changed.length > 0) {
    const lines = changed.map(
      ({ path, before: old, after }) =>
        `  ${path.join('.')}: ${JSON.stringify(old)} in the run, ${JSON.stringify(after)} now`,
    );
    throw new UserError(
      `${directory}: the config differs from the one that the run began with\n${lines.join('\n')}`,
      {
        hint: 'Undo the changes to resume, or start a new run without --resume.',
        exitCode: 2,
      },
    );
  }
  const lock = await lockRunDirectory(directory);
  const earlier = await readEnvironment(paths.environment);
  await writeFileAtomic(paths.environment, json({ ...environment, earlier_sessions: earlier }));
  const last = join(paths.checkpoints, 'last');
  // Killed before its first checkpoint, a run starts again from nothing, in the same directory.
  if (!existsSync(last)) return { paths, lock, position: START, state: initialState(plan), logs: null };
  const { parameters, slots, state } = await readCheckpoint(last);
  checkModelState(plan, { parameters, slots }, last);
  const { step, epoch, step_in_epoch, epoch_totals, best, finished, metrics_bytes, events } = state;
  return {
    paths,
    lock,
    position: { step, epoch, step_in_epoch, epoch_totals, best, finished },
    state: { parameters, slots },
    logs: { metrics_bytes, events },
  };
}

/** @throws UserError where the tensors of a checkpoint are not those of the plan */
export function checkModelState(plan: Plan, { parameters, slots }: ModelState, source: string): void {
  checkParameters(plan.network, parameters, source);
  checkSlots(plan, slots, source);
}

/** The plan of a run directory. @throws UserError where there is none, or it is damaged */
async function readRunPlan(directory: string): Promise<Plan> {
  const file = runPaths(directory).plan;
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserError(`${file}: expected JSON, got ${error.message}`, {
        hint: 'The file was cut short or edited; the run cannot be used.',
      });
    }
    throw fileError('read', file, error);
  }
  const config = typeof value === 'object' && value !== null && 'config' in value ? value.config : undefined;
  return planFromResolved(config, file);
}

async function readInitial(plan: Plan, file: string): Promise<ModelState> {
  const { tensors } = await readSafetensors(file);
  return stateFrom(plan, tensors, file);
}

/** Earlier sessions of a run, newest first. Lost history is no reason to refuse a run. */
async function readEnvironment(file: string): Promise<unknown[]> {
  try {
    const { earlier_sessions: earlier, ...latest } = JSON.parse(await readFile(file, 'utf8')) as Record<
      string,
      unknown
    >;
    return [latest, ...(Array.isArray(earlier) ? earlier : [])];
  } catch {
    return [];
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
