import { lstat } from 'node:fs/promises';
import { systemErrorCode } from '../errors.js';
import { fileError } from './file_error.js';

/** What has that name; a link is a file, even one that leads nowhere. @throws UserError where it cannot be told */
export async function kindOf(path: string): Promise<'nothing' | 'file' | 'directory'> {
  try {
    return (await lstat(path)).isDirectory() ? 'directory' : 'file';
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 'nothing';
    throw fileError('read', path, error);
  }
}
