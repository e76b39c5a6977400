import { readFile, stat } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from './file_error.js';

/** Far above any document of a run; what is larger is another file. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The JSON document in a file of a run directory; undefined where there is no such file.
 * @throws UserError where it cannot be read, is too large or is not JSON
 */
export async function readJsonFile(path: string): Promise<unknown> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw damagedFile(path, 'expected a regular file');
    if (status.size > MAX_BYTES)
      throw damagedFile(path, `expected at most ${MAX_BYTES} bytes, got ${status.size}`);
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof SyntaxError) throw damagedFile(path, `expected JSON, got ${error.message}`);
    throw fileError('read', path, error);
  }
}

export function damagedFile(path: string, problem: string): UserError {
  return new UserError(`${path}: ${problem}`, {
    hint: 'The file was cut short, edited or written by another version of gnet: put the original back.',
  });
}
