import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from './file_error.js';

/**
 * What `read` makes of a file, which is open meanwhile.
 * @throws UserError that names the file where the system cannot read it
 */
export async function withOpenFile<T>(path: string, read: (handle: FileHandle) => Promise<T>): Promise<T> {
  try {
    const handle = await open(path, 'r');
    try {
      return await read(handle);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fileError('read', path, error);
  }
}
