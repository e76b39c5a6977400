import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import type { CheckpointLink } from './checkpoints.js';
import { EVENT_FILE_PATTERN } from './event_file_name.js';
import { fileError } from './file_error.js';
import { kindOf } from './kind_of.js';
import { makeDirectory } from './make_directory.js';

/** Where runs go that name no directory. */
export const RUNS = 'runs';

/** Where things are in a run directory. */
export interface RunPaths {
  readonly directory: string;
  /** The config as written, with its overrides. */
  readonly config: string;
  /** The config as resolved: nothing left to defaults. */
  readonly plan: string;
  /** Versions, backend, hardware, git commit. */
  readonly environment: string;
  /** The split of each image file; of data sets of files alone. */
  readonly images: string;
  /** The image files that were left out as unreadable, and why. */
  readonly unreadable: string;
  readonly metrics: string;
  readonly checkpoints: string;
  /** What frozen layers make of the images, until the run has finished. */
  readonly features: string;
  /** What the weights of checkpoints/best say of each test image. */
  readonly predictions: string;
  readonly summary: string;
  readonly report: string;
}

export function runPaths(directory: string): RunPaths {
  return {
    directory,
    config: join(directory, 'config.yaml'),
    plan: join(directory, 'plan.json'),
    environment: join(directory, 'environment.json'),
    images: join(directory, 'images.jsonl'),
    unreadable: join(directory, 'unreadable.jsonl'),
    metrics: join(directory, 'metrics.jsonl'),
    checkpoints: join(directory, 'checkpoints'),
    features: join(directory, 'features'),
    predictions: join(directory, 'predictions.jsonl'),
    summary: join(directory, 'summary.json'),
    report: join(directory, 'report.html'),
  };
}

/**
 * What is in a directory, in order of names, that no run puts there; dot files do not count.
 * @throws UserError where it cannot be read
 */
export async function foreignEntries(directory: string): Promise<string[]> {
  const own = new Set(Object.values(runPaths('')));
  const entries = await readdir(directory).catch((error) =>
    Promise.reject(fileError('read', directory, error)),
  );
  return entries
    .filter((name) => !name.startsWith('.') && !own.has(name) && !EVENT_FILE_PATTERN.test(name))
    .toSorted();
}

/**
 * gnet makes no link in a run directory but those in checkpoints/: through any other one, a run would write, cut and delete
 * somewhere else.
 * @throws UserError that names the links of a run directory, or why it cannot be read
 */
export async function requireNoLinks(directory: string): Promise<void> {
  const links = (await listDirectory(directory)).filter((entry) => entry.isSymbolicLink());
  if (links.length === 0) return;
  const names = links.map(({ name }) => join(directory, name)).toSorted();
  throw new UserError(`${names.join(', ')}: expected no links in a run directory, as gnet writes there`, {
    hint: 'Put what each leads to in its place; the run directory itself may be a link.',
  });
}

/**
 * Makes a new directory `<root>/<name>-<YYYYMMDD>T<HHMMSS>Z` (UTC) and gives its path; `-2`, `-3` … is appended where
 * a run of that second exists. Throws a UserError if it cannot be made or `name` is not fit for a directory's name.
 */
export async function createRunDirectory(root: string, name: string, now: Date): Promise<string> {
  if (!/^\w[\w.-]{0,127}$/.test(name)) {
    throw new UserError(
      `name: expected letters, digits, ".", "_" and "-", at most 128, got ${JSON.stringify(name)}`,
      {
        hint: 'The name becomes a part of the run directory: change it in the config.',
        exitCode: 2,
      },
    );
  }
  const time = now
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  try {
    await makeDirectory(root);
    for (let attempt = 1; ; attempt++) {
      const directory = join(root, attempt === 1 ? `${name}-${time}` : `${name}-${time}-${attempt}`);
      if (await makeNewDirectory(directory)) return directory;
    }
  } catch (error) {
    throw fileError('write', root, error);
  }
}

/** The run that `--resume` means where it names none. */
export interface LatestRun {
  readonly directory: string;
  /** Newer runs of that name, which have no checkpoint to go on from. */
  readonly passedOver: readonly string[];
}

/** The newest run of `name` in `root` that has a checkpoint, else the newest; null where there is none. */
export async function findLatestRun(root: string, name: string): Promise<LatestRun | null> {
  const runs = (await readRuns(root)).filter((run) => run.name === name);
  const directories = runs.map(({ directory }) => directory);
  for (const [index, directory] of directories.entries()) {
    if (await hasCheckpoint(directory, 'last')) return { directory, passedOver: directories.slice(0, index) };
  }
  return directories[0] === undefined ? null : { directory: directories[0], passedOver: [] };
}

/**
 * Whether a run has a checkpoint of that name. A link that leads nowhere counts: it is damage to report, not a reason
 * to take another run, to begin anew, or to wait for the first evaluation.
 */
export async function hasCheckpoint(directory: string, link: CheckpointLink): Promise<boolean> {
  return (await kindOf(join(runPaths(directory).checkpoints, link))) !== 'nothing';
}

/** The run directories in `root`, newest first; last those whose names say no time. */
export async function listRuns(root: string): Promise<string[]> {
  return (await readRuns(root)).map(({ directory }) => directory);
}

/** Real directories with a plan.json, by the UTC time in their names, newest first. */
async function readRuns(root: string) {
  const runs: { directory: string; name: string; time: string; attempt: number }[] = [];
  for (const entry of await listDirectory(root)) {
    if (!entry.isDirectory()) continue;
    const directory = join(root, entry.name);
    const plan = await stat(runPaths(directory).plan).catch(() => undefined);
    if (!plan?.isFile()) continue;
    const [, name = '', time = '', attempt = '1'] = /^(.*)-(\d{8}T\d{6}Z)(?:-(\d+))?$/.exec(entry.name) ?? [];
    runs.push({ directory, name, time, attempt: Number(attempt) });
  }
  return runs.sort((a, b) => (a.time === b.time ? b.attempt - a.attempt : a.time < b.time ? 1 : -1));
}

/** False if something of that name exists: only mkdir can tell without a race. */
async function makeNewDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function listDirectory(path: string) {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw fileError('read', path, error);
  }
}
