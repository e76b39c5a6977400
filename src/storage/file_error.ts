import { systemErrorCode, UserError } from '../errors.js';

/** What the errors that a user can mend mean, and what to do about each. */
const CAUSES = new Map<string, { reason: string; hint: string }>([
  [
    'ENOSPC',
    {
      reason: 'the disk is full',
      hint: 'Free some space there (df -h and df -i tell of it), or choose another directory.',
    },
  ],
  ['EDQUOT', { reason: 'the disk quota is used up', hint: 'Free some space, or choose another directory.' }],
  ['EROFS', { reason: 'the file system is read-only', hint: 'Choose a directory that can be written.' }],
  ['EACCES', { reason: 'permission denied', hint: 'Change its permissions, or choose another path.' }],
  ['EPERM', { reason: 'operation not permitted', hint: 'Change its permissions, or choose another path.' }],
  ['ENOENT', { reason: 'no such file or directory', hint: 'Check the path.' }],
  ['ENOTDIR', { reason: 'a part of the path is a file, not a directory', hint: 'Check the path.' }],
  ['EEXIST', { reason: 'something of that name exists', hint: 'Move it away, or choose another path.' }],
  ['ENOTEMPTY', { reason: 'a directory is in its place', hint: 'Move the directory away.' }],
  ['ELOOP', { reason: 'its links lead around in a circle', hint: 'Remove the link, or check the path.' }],
  ['ENAMETOOLONG', { reason: 'the name is too long', hint: 'Choose a shorter name or path.' }],
  ['EMFILE', { reason: 'too many files are open', hint: 'Raise the limit ("ulimit -n").' }],
  ['ENFILE', { reason: 'too many files are open', hint: 'End other programs.' }],
  ['EFBIG', { reason: 'the file would be too large', hint: 'Raise the limit ("ulimit -f").' }],
  ['EIO', { reason: 'the device failed', hint: 'Check the disk, or choose another directory.' }],
  ['EBUSY', { reason: 'it is in use', hint: 'End what uses it, or choose another path.' }],
  ['ENXIO', { reason: 'no such device', hint: 'Check the path.' }],
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
