import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.js';

/**
 * Makes a directory and those that it lies in, as far as they are missing. Node.js's own `recursive` tries for ever
 * where the system makes none (in /proc), and says ENOENT where a file system is read-only or has no more inodes.
 * Throws system errors; EEXIST where something else is in its place.
 */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      await makeDirectory(dirname(path));
      return makeLast(path);
    }
    if (await isDirectory(path)) return;
    throw error;
  }
}

async function makeLast(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!(await isDirectory(path))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}
