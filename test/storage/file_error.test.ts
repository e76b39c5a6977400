import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { fileError } from '../../src/storage/file_error.js';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: from the system`), { code });
}

test.each([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'the file system is read-only'],
  ['EACCES', 'permission denied'],
  ['ENOENT', 'no such file or directory'],
  ['EEXIST', 'something of that name exists'],
  ['ELOOP', 'its links lead around in a circle'],
  ['ENAMETOOLONG', 'the name is too long'],
])('%s becomes a UserError with path, reason, next step and cause', (code, reason) => {
  const cause = systemError(code);
  const error = fileError('write', 'runs/a/config.yaml', cause);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ message: `cannot write runs/a/config.yaml: ${reason} (${code})`, cause });
  expect((error as UserError).hint).toMatch(/\w/);
});

test('errors that the user cannot mend stay as they are', () => {
  const bug = new TypeError('x is not a function');
  const busy = systemError('EBADF');
  expect(fileError('read', 'x', bug)).toBe(bug);
  expect(fileError('read', 'x', busy)).toBe(busy);
});
