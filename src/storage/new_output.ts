import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemErrorCode, UserError } from '../errors.js';
import { fsyncDirectory, temporaryName } from './atomic.js';
import { fileError } from './file_error.js';
import { kindOf } from './kind_of.js';
import { makeDirectory } from './make_directory.js';

export interface NewOutput {
  /** Where it goes: a file, or a directory of files. */
  readonly path: string;
  /** Null for a file; else the names that files in the directory have. */
  readonly files: RegExp | null;
  /** Text that a file which may be replaced has in it, or a file of such a directory, as an earlier export has. */
  readonly mark: string;
  /** Whether it may replace what has its name: a file with the mark, or a directory of `files` alone, one of them with the mark. */
  readonly force: boolean;
}

/**
 * Lets `build` make a file or a directory under a temporary name beside `path` (a directory exists already when it
 * begins). Once it has returned, what it made gets its own name in one step; where it throws, nothing is left of it.
 * @throws UserError where the name is taken, or the place cannot be written
 */
export async function writeNewOutput<T>(output: NewOutput, build: (path: string) => Promise<T>): Promise<T> {
  const { path, files } = output;
  const isDirectory = files !== null;
  await requireFree(output);
  const temporary = temporaryName(path);
  try {
    await makeDirectory(dirname(path));
    if (isDirectory) await mkdir(temporary);
    const result = await build(temporary);
    await requireFree(output); // building takes its time
    await moveInto(temporary, path, isDirectory);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // report the first error
    throw fileError('write', path, error);
  }
}

/** A directory cannot be renamed onto one that holds files: that one steps aside first. */
async function moveInto(temporary: string, path: string, isDirectory: boolean): Promise<void> {
  const aside = temporaryName(path);
  const replaced = isDirectory && (await kindOf(path)) !== 'nothing';
  if (replaced) await rename(path, aside);
  try {
    await rename(temporary, path);
  } catch (error) {
    if (replaced) await rename(aside, path);
    throw error;
  }
  await fsyncDirectory(dirname(path));
  if (replaced) await rm(aside, { recursive: true });
}

async function requireFree({ path, files, mark, force }: NewOutput): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'nothing') return;
  const expected = files === null ? 'file' : 'directory';
  if (kind !== expected) {
    throw taken(path, `expected a new ${expected}, found a ${kind}`, 'Name another place with --output.');
  }
  const names = files === null ? [path] : await readdir(path);
  const stranger = files === null ? undefined : names.find((name) => !files.test(name));
  if (stranger !== undefined) {
    throw taken(
      path,
      `expected a new directory or an earlier export, found one with ${JSON.stringify(stranger)} in it`,
      'Name another place with --output: a directory that holds anything else is never replaced.',
    );
  }
  if (names.length > 0 && !force) {
    throw taken(path, 'exists already', 'Add --force to replace it, or name another place with --output.');
  }
  const paths = files === null ? [path] : names.map((name) => join(path, name));
  if (names.length > 0 && !(await isMarked(paths, mark))) {
    throw taken(
      path,
      `expected a new ${expected} or an earlier export, found another ${expected}`,
      'Name another place with --output: what is no export is never replaced.',
    );
  }
}

/** Whether one of these is a regular file with the mark in it. */
async function isMarked(paths: readonly string[], mark: string): Promise<boolean> {
  for (const path of paths) {
    try {
      if ((await stat(path)).isFile() && (await readFile(path)).includes(mark)) return true;
    } catch (error) {
      // A link that leads nowhere is no export.
      if (systemErrorCode(error) !== 'ENOENT') throw fileError('read', path, error);
    }
  }
  return false;
}

function taken(path: string, problem: string, hint: string): UserError {
  return new UserError(`${path}: ${problem}`, { hint, exitCode: 2 });
}
