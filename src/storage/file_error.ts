import { systemErrorCode, UserError } from '../errors.js';

/** What the errors that a user can mend mean, and what to do about each. */
const CAUSES = new Map<string, { reason: string; hint: string }>([
  ['ENOSPC', { reason: 'the disk is full', hint: 'Free some space there, or choose another directory.' }],
  ['EDQUOT', { reason: 'the disk quota is used up', hint: 'Free some space, or choose another directory.' }],
  ['EROFS', { reason: 'the file system is read-only', hint: 'Choose a directory that can be written.' }],
  ['EACCES', { reason: 'permission denied', hint: 'Change its permissions, or choose another path.' }],
  ['EPERM', { reason: 'operation not permitted', hint: 'Change its permissions, or choose another path.' }],
  ['ENOENT', { reason: 'no such file or directory', hint: 'Check the path.' }],
  ['ENOTDIR', { reason: 'a part of the path is a file, not a directory', hint: 'Check the path.' }],
  ['EISDIR', { reason: 'a directory is in its place', hint: 'Move the directory away, or check the path.' }],
]);

/**
 * What to throw in place of `error`, which came from the file system: a UserError that names the path, the reason in
 * words and the next step, with `error` as its cause; or `error` itself where the user cannot mend it.
 */
export function fileError(action: 'read' | 'write' | 'remove', path: string, error: unknown): unknown {
  const code = systemErrorCode(error);
  const known = code === undefined ? undefined : CAUSES.get(code);
  if (known === undefined) return error;
  return new UserError(`cannot ${action} ${path}: ${known.reason} (${code})`, {
    hint: known.hint,
    cause: error,
  });
}
