import { stat } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import { listRuns, RUNS } from '../storage/run_directory.js';

/** More runs than this are not listed. */
const SHOWN = 10;

/**
 * What to say of a path that should be that of a run, but has no plan.json: what is there, and which runs there are.
 * @param expected `a run directory`
 * @param runs where runs are by default
 * @throws UserError where nothing can be told of it
 */
export async function notARun(source: string, expected: string, runs = RUNS): Promise<UserError> {
  const found = await stat(source).catch((error: unknown) => {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw fileError('read', source, error);
  });
  const inside = found?.isDirectory() ? await listRuns(source) : [];
  const actual = !found
    ? 'no such file or directory'
    : !found.isDirectory()
      ? 'a file'
      : inside.length > 0
        ? `a directory of ${inside.length === 1 ? 'one run' : `${inside.length} runs`}`
        : 'a directory without plan.json and state.json';
  return new UserError(`${source}: expected ${expected}, got ${actual}`, {
    hint: hintOf(inside.length > 0 ? inside : await listRuns(runs).catch(() => [])),
    exitCode: 2,
  });
}

function hintOf(runs: readonly string[]): string {
  if (runs.length === 0)
    return 'A run directory is what gnet run makes, in runs/ unless --run-dir says otherwise.';
  const more = runs.length > SHOWN ? [`  and ${runs.length - SHOWN} more`] : [];
  return ['Runs:', ...runs.slice(0, SHOWN).map((run) => `  ${run}`), ...more].join('\n');
}
