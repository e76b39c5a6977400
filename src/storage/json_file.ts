import { readFile, stat } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from './file_error.js';

/** Far above any document of a run; what is larger is another file. */
const MAX_BYTES = 16 * 1024 * 1024;
/** Far above any document too; what reads or writes a deeper one by recursion has no stack left. */
const MAX_DEPTH = 500;

/**
 * The JSON document in a file of a run directory.
 * @param damaged what to throw of a file that is too large or too deep, or is not JSON
 * @throws UserError, also where it cannot be read
 */
export async function readJsonFile(
  path: string,
  damaged: (path: string, problem: string) => UserError = damagedFile,
): Promise<unknown> {
  try {
    const status = await stat(path);
    if (!status.isFile()) throw damaged(path, 'expected a regular file');
    if (status.size > MAX_BYTES)
      throw damaged(path, `expected at most ${MAX_BYTES} bytes, got ${status.size}`);
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (isDeeper(value, MAX_DEPTH)) throw damaged(path, `expected at most ${MAX_DEPTH} levels of brackets`);
    return value;
  } catch (error) {
    if (error instanceof SyntaxError) throw damaged(path, `expected JSON, got ${error.message}`);
    throw fileError('read', path, error);
  }
}

/** Level by level, without recursion. */
function isDeeper(value: unknown, levels: number): boolean {
  const isObject = (item: unknown): item is object => typeof item === 'object' && item !== null;
  let level = [value].filter(isObject);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((item) => Object.values(item).filter(isObject));
  }
  return false;
}

/** As readJsonFile; undefined where there is no such file. */
export async function readOptionalJsonFile(path: string): Promise<unknown> {
  try {
    return await readJsonFile(path);
  } catch (error) {
    if (error instanceof UserError && systemErrorCode(error.cause) === 'ENOENT') return undefined;
    throw error;
  }
}

export function damagedFile(path: string, problem: string): UserError {
  return new UserError(`${path}: ${problem}`, {
    hint: 'The file was cut short, edited or written by another version of gnet: put the original back.',
  });
}
