import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from './file_error.js';

/** Where things are in a run directory. */
export interface RunPaths {
  readonly directory: string;
  /** The config as written, with its overrides. */
  readonly config: string;
  /** The config as resolved: nothing left to defaults. */
  readonly plan: string;
  /** Versions, backend, hardware, git commit. */
  readonly environment: string;
  readonly metrics: string;
  readonly checkpoints: string;
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
    metrics: join(directory, 'metrics.jsonl'),
    checkpoints: join(directory, 'checkpoints'),
    predictions: join(directory, 'predictions.jsonl'),
    summary: join(directory, 'summary.json'),
    report: join(directory, 'report.html'),
  };
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
    await mkdir(root, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const directory = join(root, attempt === 1 ? `${name}-${time}` : `${name}-${time}-${attempt}`);
      if (await makeDirectory(directory)) return directory;
    }
  } catch (error) {
    throw fileError('write', root, error);
  }
}

/**
 * The newest run of `name` in `root`, by the UTC time in its directory's name; null if there is none. Only real
 * directories with a plan.json count.
 */
export async function findLatestRun(root: string, name: string): Promise<string | null> {
  const runs: { directory: string; time: string; attempt: number }[] = [];
  for (const entry of await listDirectory(root)) {
    if (!entry.isDirectory() || !entry.name.startsWith(`${name}-`)) continue;
    const match = /^(\d{8}T\d{6}Z)(?:-(\d+))?$/.exec(entry.name.slice(name.length + 1));
    if (match === null) continue;
    runs.push({ directory: join(root, entry.name), time: match[1] ?? '', attempt: Number(match[2] ?? 1) });
  }
  runs.sort((a, b) => (a.time === b.time ? b.attempt - a.attempt : a.time < b.time ? 1 : -1));
  for (const { directory } of runs) {
    const plan = await stat(runPaths(directory).plan).catch(() => undefined);
    if (plan?.isFile()) return directory;
  }
  return null;
}

/** False if something of that name exists: only mkdir can tell without a race. */
async function makeDirectory(path: string): Promise<boolean> {
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
