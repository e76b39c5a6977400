import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractFiles, installFiles, removeLeftovers } from '../../src/data/archive.js';
import { UserError } from '../../src/errors.js';
import { startOtherProcess } from '../helpers/other_process.js';
import { type TarEntry, tarGz } from '../helpers/tar.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const bytes = Buffer.from('0123456789');
const good: TarEntry = { path: 'data/a.bin', content: bytes };

async function setUp(archive: Uint8Array) {
  const root = temporaryDirectory();
  const path = join(root, 'archive.tar.gz');
  await writeFile(path, archive);
  const target = join(root, 'data');
  const files = [{ name: 'a.bin', bytes: bytes.length }];
  return { root, target, options: { archive: path, folder: 'data', files, target } };
}

describe('extractFiles and installFiles', () => {
  it('extract the wanted file alone, readable whatever its mode says', async () => {
    const { root, target, options } = await setUp(
      tarGz([
        { path: './data/', type: 'Directory', mode: 0 },
        { path: './data/readme.txt', content: Buffer.from('text') },
        { ...good, path: './data/a.bin', mode: 0o4000 },
        { path: 'data/sub/a.bin', content: bytes },
      ]),
    );
    await installFiles(await extractFiles(options), 'data', ['a.bin'], target);
    expect(await readFile(join(target, 'a.bin'))).toEqual(bytes);
    expect((await stat(join(target, 'a.bin'))).mode & 0o7111).toBe(0);
    expect(await readdir(target)).toEqual(['a.bin']);
    expect((await readdir(root)).sort()).toEqual(['archive.tar.gz', 'data']);
  });

  it('replace a file that is there', async () => {
    const { target, options } = await setUp(tarGz([good]));
    await mkdir(target);
    await writeFile(join(target, 'a.bin'), 'old');
    await installFiles(await extractFiles(options), 'data', ['a.bin'], target);
    expect(await readFile(join(target, 'a.bin'))).toEqual(bytes);
  });

  const outside: TarEntry[] = [{ path: 'data', type: 'SymbolicLink', linkpath: '../outside' }];
  const longName: TarEntry = {
    path: 'long',
    type: 'NextFileHasLongPath',
    content: Buffer.alloc(1 << 20, 'a'),
  };
  const hostile: [string, Uint8Array, string][] = [
    ['a folder that is a link', tarGz([...outside, good]), '"data" (SymbolicLink)'],
    [
      'a wanted file that is a link',
      tarGz([{ path: 'data/a.bin', type: 'SymbolicLink', linkpath: '/etc/passwd' }]),
      'SymbolicLink',
    ],
    ['a hard link', tarGz([good, { path: 'data/b', type: 'Link', linkpath: '/etc/passwd' }]), '(Link)'],
    ['a device', tarGz([{ path: 'data/a.bin', type: 'CharacterDevice' }]), '(CharacterDevice)'],
    ['a pipe', tarGz([{ path: 'data/a.bin', type: 'FIFO' }]), '(FIFO)'],
    ['a folder instead of the file', tarGz([{ path: 'data/a.bin', type: 'Directory' }]), 'got'],
    ['a path upwards', tarGz([{ ...good, path: 'data/../../a.bin' }]), '"data/../../a.bin"'],
    ['an absolute path', tarGz([{ ...good, path: '/tmp/a.bin' }]), '"/tmp/a.bin"'],
    ['a Windows path', tarGz([{ ...good, path: 'data\\..\\a.bin' }]), 'data\\\\..\\\\a.bin'],
    ['the file twice', tarGz([good, good]), 'expected once, got it twice'],
    [
      'a longer file',
      tarGz([{ ...good, content: Buffer.alloc(11) }]),
      'data/a.bin: expected 10 bytes, got 11',
    ],
    ['no such file', tarGz([{ ...good, path: 'other/a.bin' }]), 'a.bin: expected 10 bytes, got no such file'],
    ['a bomb', tarGz([{ path: 'data/zeros', content: Buffer.alloc(65 << 20) }, good]), 'got 1 others'],
    [
      'crowds',
      tarGz([...Array.from({ length: 1001 }, (_, i) => ({ path: `data/${i}` })), good]),
      'got 1001 others',
    ],
    ['zeros without end', gzipSync(Buffer.alloc(100 << 20)), 'after the end of the tar'],
    [
      'a good archive with another behind it',
      Buffer.concat([tarGz([good]), tarGz([{ path: 'data/b', content: Buffer.alloc(2 << 20) }])]),
      'after the end of the tar',
    ],
    ['headers without end', tarGz(Array.from({ length: 80 }, () => longName)), 'bytes in it, got more'],
    ['a tar.gz in a gzip', gzipSync(tarGz([good])), 'compressed once'],
    ['a truncated archive', tarGz([good]).subarray(0, 60), 'expected a tar.gz'],
    ['a truncated tar', gzipSync(Buffer.from('data')), 'expected a tar.gz'],
    ['something else', Buffer.from('<html>Not here</html>'.repeat(50)), 'expected a tar.gz'],
    ['nothing', Buffer.alloc(0), 'expected'],
  ];
  it.each(hostile)('refuse %s and leave nothing', async (_, archive, message) => {
    const { root, target, options } = await setUp(archive);
    const error = await extractFiles(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(message);
    expect((error as UserError).message).toContain(options.archive);
    expect((error as UserError).hint).toBeDefined();
    expect(await readdir(target)).toEqual([]);
    expect((await readdir(root)).sort()).toEqual(['archive.tar.gz', 'data']);
  });

  it('stop when they are told to', async () => {
    const { target, options } = await setUp(tarGz([good]));
    const signal = AbortSignal.abort(new Error('stop'));
    await expect(extractFiles({ ...options, signal })).rejects.toThrow('stop');
    expect(await readdir(target)).toEqual([]);
  });

  it('stop in the midst of what a small file holds', async () => {
    const rest = { path: 'data/zeros', content: Buffer.alloc(60 << 20) };
    const { target, options } = await setUp(tarGz([good, rest]));
    const controller = new AbortController();
    const extracted = extractFiles({ ...options, signal: controller.signal });
    const stop = (): void => {
      const isThere = existsSync(target) && readdirSync(target, { recursive: true }).length === 3;
      if (isThere) controller.abort(new Error('stop'));
      else setImmediate(stop);
    };
    stop();
    await expect(extracted).rejects.toThrow('stop');
    expect(await readdir(target)).toEqual([]);
  });

  it('name a target that cannot be a directory', async () => {
    const { target, options } = await setUp(tarGz([good]));
    await writeFile(target, 'a file');
    await expect(extractFiles({ ...options, target: join(target, 'sub') })).rejects.toThrow(
      `cannot write ${target}`,
    );
  });
});

describe('removeLeftovers', () => {
  it('removes what a dead process left, and nothing of a living one', async () => {
    const target = temporaryDirectory();
    const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
    const living = `.extract.${host}.${startOtherProcess().pid}.00000000`;
    await mkdir(join(target, living));
    await mkdir(join(target, `.extract.${host}.99999999.00000000`, 'data'), { recursive: true });
    await removeLeftovers(target);
    expect(await readdir(target)).toEqual([living]);
  });
});
