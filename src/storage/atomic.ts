import { open, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.js';
import { fileError } from './file_error.js';
import { temporaryName } from './temporary_name.js';

/**
 * Text (as UTF-8), bytes, or bytes in several pieces, which may be made as they are written. The bytes must not change until
 * the write is done.
 */
export type FileContent = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Replaces the file at `path`: whatever happens, a reader finds either all of the old file or all of the new one, and
 * once the promise is fulfilled the new one survives a power failure.
 * Throws a UserError where the place cannot be written (see `fileError`); the old file is left as it was.
 */
export async function writeFileAtomic(path: string, data: FileContent): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeNewFile(temporary, data);
    await rename(temporary, path);
    await fsyncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to report
    throw fileError('write', path, error);
  }
}

/** Writes a file that must not exist yet, and fsyncs it; its directory is left to the caller. Throws system errors. */
export async function writeNewFile(path: string, data: FileContent): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await writeFile(handle, data);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes the file at `path`, whole or not at all. Throws a system error where something of that name exists, which is
 * left as it was, and a UserError where the place cannot be written.
 */
export async function createFile(path: string, data: FileContent): Promise<void> {
  try {
    await writeNewFile(path, data);
    await fsyncDirectory(dirname(path));
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') throw error;
    await rm(path, { force: true }).catch(() => undefined); // the first error is the one to report
    throw fileError('write', path, error);
  }
}

/** Makes `path` a symbolic link to `target` (relative to the link's directory), in place of any link or file there. */
export async function replaceSymlink(path: string, target: string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await symlink(target, temporary);
    await rename(temporary, path);
    await fsyncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw fileError('write', path, error);
  }
}

/** Makes the names in a directory (new files, renames) survive a power failure. Throws system errors. */
export async function fsyncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
