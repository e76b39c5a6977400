import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../errors.js';
import { fsyncDirectory } from './atomic.js';
import { fileError } from './file_error.js';
import { kindOf } from './kind_of.js';
import { makeDirectory } from './make_directory.js';
import { temporaryName } from './temporary_name.js';

/**
 * @param flag names the directory in the message
 * @throws UserError where something other than an empty directory has that name
 */
export async function requireNewDirectory(flag: string, path: string): Promise<void> {
  const kind = await kindOf(path);
  if (kind === 'nothing') return;
  const names = kind === 'directory' ? await readdir(path) : [];
  if (kind === 'directory' && names.length === 0) return;
  const actual = kind === 'file' ? 'a file' : `one that holds ${JSON.stringify(names[0])}`;
  throw new UserError(`${flag} ${path}: expected a new or an empty directory, got ${actual}`, {
    hint: 'Name another directory: nothing is overwritten.',
    exitCode: 2,
  });
}

/**
 * Lets `build` fill a directory under a temporary name beside `path`, which gets its own name once all is there; where
 * `build` throws, nothing is left of it.
 * @throws UserError where the name is taken, or the place cannot be written
 */
export async function writeNewDirectory(
  flag: string,
  path: string,
  build: (directory: string) => Promise<void>,
): Promise<void> {
  await requireNewDirectory(flag, path);
  const temporary = temporaryName(path);
  try {
    await makeDirectory(dirname(path));
    await mkdir(temporary);
    await build(temporary);
    await requireNewDirectory(flag, path); // building takes its time
    await fsyncDirectory(temporary);
    // In place of an empty directory, too.
    await rename(temporary, path);
    await fsyncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined); // report the first error
    throw fileError('write', path, error);
  }
}
