import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeDirectory } from '../../src/storage/make_directory.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('makes what is missing, by several at once', async () => {
  const root = temporaryDirectory();
  await Promise.all([1, 2, 3].map(() => makeDirectory(join(root, 'a', 'b', 'c'))));
  expect(await readdir(join(root, 'a', 'b'))).toEqual(['c']);
  await makeDirectory(join(root, 'a'));
  await symlink('a', join(root, 'link'));
  await makeDirectory(join(root, 'link'));
  await makeDirectory('/');
  await makeDirectory('.');
});

test.runIf(process.platform === 'linux')('ends where the system makes no directories', async () => {
  await expect(makeDirectory('/proc/gnet/a')).rejects.toMatchObject({ code: 'ENOENT' });
});

test('says what is in its place', async () => {
  const root = temporaryDirectory();
  await writeFile(join(root, 'file'), '');
  await symlink('loop', join(root, 'loop'));
  await expect(makeDirectory(join(root, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeDirectory(join(root, 'file', 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  await expect(makeDirectory(join(root, 'loop', 'a'))).rejects.toMatchObject({ code: 'ELOOP' });
  await expect(makeDirectory(join(root, 'x'.repeat(300)))).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
});
