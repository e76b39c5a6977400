import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import {
  createFile,
  fsyncDirectory,
  replaceSymlink,
  writeFileAtomic,
  writeNewFile,
} from '../../src/storage/atomic.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test.each([
  ['text', 'grüße\n', Buffer.from('grüße\n')],
  ['bytes', new Uint8Array([1, 2, 3]), Buffer.from([1, 2, 3])],
  ['pieces', [new Uint8Array([1, 2]), new Uint8Array(0), new Uint8Array([3])], Buffer.from([1, 2, 3])],
])('writes %s over an older, longer file and leaves nothing else', async (_, data, expected) => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'an older and longer content');
  await writeFileAtomic(path, data);
  expect(readFileSync(path)).toEqual(expected);
  expect(readdirSync(directory)).toEqual(['file']);
});

test('writes a piece larger than one system call takes', async () => {
  const path = join(temporaryDirectory(), 'file');
  const piece = new Uint8Array(3_000_001).map((_, index) => index % 251);
  await writeFileAtomic(path, [piece, piece]);
  expect(Buffer.concat([piece, piece]).equals(readFileSync(path))).toBe(true);
});

test('a disk that fills midway leaves the old file, no temporary one, and a clear error', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  writeFileSync(path, 'old');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  function* pieces() {
    yield new Uint8Array(1000);
    // The old file stands, and the new one is under way under another name.
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(directory)).toHaveLength(2);
    throw full;
  }
  const error = await writeFileAtomic(path, pieces()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect(error).toMatchObject({ message: `cannot write ${path}: the disk is full (ENOSPC)`, cause: full });
  expect(readFileSync(path, 'utf8')).toBe('old');
  expect(readdirSync(directory)).toEqual(['file']);
});

test('two writers at once: one of the two contents, whole', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');
  const contents = ['a'.repeat(100_000), 'b'.repeat(50_000)];
  await Promise.all(contents.map((content) => writeFileAtomic(path, content)));
  expect(contents).toContain(readFileSync(path, 'utf8'));
  expect(readdirSync(directory)).toEqual(['file']);
});

test('names what is wrong with the place', async () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'file'), '');
  mkdirSync(join(directory, 'folder'));
  const below = join(directory, 'file', 'x');
  const missing = join(directory, 'missing', 'x');
  const folder = join(directory, 'folder');
  await expect(writeFileAtomic(below, 'x')).rejects.toThrow(
    `cannot write ${below}: a part of the path is a file`,
  );
  await expect(writeFileAtomic(missing, 'x')).rejects.toThrow(
    `cannot write ${missing}: no such file or directory`,
  );
  await expect(writeFileAtomic(folder, 'x')).rejects.toThrow(
    `cannot write ${folder}: a directory is in its place`,
  );
  expect(readdirSync(directory).sort()).toEqual(['file', 'folder']);
});

test('writeNewFile does not touch a file that exists', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, 'old');
  await expect(writeNewFile(path, 'new')).rejects.toMatchObject({ code: 'EEXIST' });
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test('replaceSymlink makes and moves a relative link, dangling or not', async () => {
  const directory = temporaryDirectory();
  const link = join(directory, 'last');
  await replaceSymlink(link, 'a');
  await replaceSymlink(link, 'b');
  expect(readlinkSync(link)).toBe('b');
  expect(existsSync(link)).toBe(false);
  expect(readdirSync(directory)).toEqual(['last']);
});

test('replaceSymlink does not replace a directory', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'last');
  mkdirSync(path);
  await expect(replaceSymlink(path, 'a')).rejects.toThrow(
    `cannot write ${path}: a directory is in its place`,
  );
  expect(readdirSync(directory)).toEqual(['last']);
});

test('fsyncDirectory fails for a directory that is not there', async () => {
  const directory = temporaryDirectory();
  await expect(fsyncDirectory(directory)).resolves.toBeUndefined();
  await expect(fsyncDirectory(join(directory, 'missing'))).rejects.toMatchObject({ code: 'ENOENT' });
});

test('createFile makes a file, and leaves one that exists as it was', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'new');
  await createFile(path, 'first');
  await expect(createFile(path, 'second')).rejects.toMatchObject({ code: 'EEXIST' });
  expect(readFileSync(path, 'utf8')).toBe('first');
  symlinkSync('nowhere', join(directory, 'link'));
  await expect(createFile(join(directory, 'link'), 'second')).rejects.toMatchObject({ code: 'EEXIST' });
  expect(readlinkSync(join(directory, 'link'))).toBe('nowhere');
  const missing = join(directory, 'missing/new');
  await expect(createFile(missing, 'x')).rejects.toThrow(`cannot write ${missing}: no such file`);
  expect(readdirSync(directory).sort()).toEqual(['link', 'new']);
});

test('createFile leaves no part of a file that could not be written', async () => {
  const directory = temporaryDirectory();
  function* failing() {
    yield Buffer.from('half');
    throw new Error('no more');
  }
  await expect(createFile(join(directory, 'new'), failing())).rejects.toThrow('no more');
  expect(readdirSync(directory)).toEqual([]);
});
