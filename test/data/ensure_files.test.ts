import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ensureFiles } from '../../src/data/ensure_files.js';
import { MANIFEST_NAME } from '../../src/data/manifest.js';
import { Interrupted, UserError } from '../../src/errors.js';
import type { ArchiveOptions } from '../../src/registry/datasets/dataset.js';
import { datasets } from '../../src/registry/datasets/index.js';
import { hashOf, smallDataset } from '../helpers/archive_dataset.js';
import { serve, startServer, type TestServer } from '../helpers/http_server.js';
import { tarGz } from '../helpers/tar.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

let server: TestServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function setUp(table = true) {
  const { archive, contents } = smallDataset();
  server = await startServer(serve(archive));
  const { entry } = smallDataset({ url: `${server.url}/small.tar.gz`, table });
  const root = join(temporaryDirectory(), 'data');
  const options: ArchiveOptions = { root, limit: { train: null, test: null }, archive: null };
  const log: string[] = [];
  const context = { log: (line: string) => void log.push(line), delay: async () => undefined };
  return {
    entry,
    archive,
    contents,
    root,
    folder: join(root, 'small'),
    options,
    context,
    log,
    requests: server.requests,
  };
}

describe('ensureFiles', () => {
  it.each([true, false])('downloads once, then finds the files (md5 table: %s)', async (table) => {
    const { entry, options, context, requests, folder, contents } = await setUp(table);
    expect(await ensureFiles(entry, options, context)).toEqual({
      action: 'downloaded',
      detail: `${entry.archive.url}: downloaded and extracted to ${folder}`,
    });
    expect((await readdir(folder)).sort()).toEqual([MANIFEST_NAME, 'a.bin', 'b.bin', 'test.bin']);
    for (const [name, bytes] of Object.entries(contents))
      expect(await readFile(join(folder, name))).toEqual(bytes);
    expect(await ensureFiles(entry, options, context)).toEqual({
      action: 'found',
      detail: `${folder}: all 3 files are there, content checked`,
    });
    expect(requests).toHaveLength(1);
  });

  it('finds files that somebody else put there, without any manifest', async () => {
    const { entry, options, context, contents, folder, requests } = await setUp();
    await mkdir(folder, { recursive: true });
    for (const [name, bytes] of Object.entries(contents)) await writeFile(join(folder, name), bytes);
    expect((await ensureFiles(entry, options, context)).action).toBe('found');
    expect(requests).toHaveLength(0);
  });

  it('uses an archive that was put into root', async () => {
    const { entry, options, context, root, archive, requests } = await setUp();
    await mkdir(root);
    await writeFile(join(root, 'small.tar.gz'), archive);
    expect(await ensureFiles(entry, options, context)).toMatchObject({ action: 'extracted' });
    expect(requests).toHaveLength(0);
  });

  it('replaces an archive in root that is damaged, and says so', async () => {
    const { entry, options, context, root, log, requests } = await setUp();
    await mkdir(root);
    await writeFile(join(root, 'small.tar.gz'), 'damaged');
    expect(await ensureFiles(entry, options, context)).toMatchObject({ action: 'downloaded' });
    expect(log[0]).toContain(`small.tar.gz: expected md5 ${entry.archive.md5}`);
    expect(requests).toHaveLength(1);
  });

  it('reports a damaged file and extracts it again from the archive that is kept', async () => {
    const { entry, options, context, folder, contents, log, requests } = await setUp();
    await ensureFiles(entry, options, context);
    const changed = Buffer.from(contents['b.bin']);
    changed[7] = 0;
    await writeFile(join(folder, 'b.bin'), changed);
    expect(await ensureFiles(entry, options, context)).toMatchObject({ action: 'extracted' });
    expect(log).toEqual([expect.stringContaining(`${join(folder, 'b.bin')}: expected md5`)]);
    expect(await readFile(join(folder, 'b.bin'))).toEqual(contents['b.bin']);
    expect(requests).toHaveLength(1);
  });

  it('takes another archive from a file: URL, where it is', async () => {
    const { entry, options, context, root, contents, requests } = await setUp();
    const mine = { ...contents, 'a.bin': Buffer.from(contents['a.bin']).fill(1, 1, 5) };
    const bytes = tarGz(Object.entries(mine).map(([name, content]) => ({ path: `small/${name}`, content })));
    const path = join(temporaryDirectory(), 'mine.tar.gz');
    await writeFile(path, bytes);
    const archive = { url: pathToFileURL(path).href, sha256: hashOf('sha256', bytes).toUpperCase() };
    // The official files are there, but they are not what this archive holds.
    await ensureFiles(entry, options, context);
    expect(await ensureFiles(entry, { ...options, archive }, context)).toMatchObject({ action: 'extracted' });
    expect(await readFile(join(root, 'small', 'a.bin'))).toEqual(mine['a.bin']);
    expect(await ensureFiles(entry, { ...options, archive }, context)).toMatchObject({ action: 'found' });
    expect(requests).toHaveLength(1);
    // And back again.
    expect(await ensureFiles(entry, options, context)).toMatchObject({ action: 'extracted' });
    expect(await readFile(join(root, 'small', 'a.bin'))).toEqual(contents['a.bin']);
  });

  it('refuses a local archive with another digest, or none', async () => {
    const { entry, options, context } = await setUp();
    const path = join(temporaryDirectory(), 'mine.tar.gz');
    const sha256 = '0'.repeat(64);
    const run = (url: string) => ensureFiles(entry, { ...options, archive: { url, sha256 } }, context);
    await expect(run(pathToFileURL(path).href)).rejects.toThrow(`cannot read ${path}: no such file`);
    await writeFile(path, 'other');
    await expect(run(pathToFileURL(path).href)).rejects.toThrow(
      `${path}: expected sha256 ${sha256}, got ${hashOf('sha256', Buffer.from('other'))}`,
    );
    await expect(run('file://host/mine.tar.gz')).rejects.toThrow(UserError);
  });

  it.each(['/..%2f..%2fevil.tar.gz', '/evil', '/.hidden.tar.gz'])(
    'keeps the archive of %s inside root',
    async (path) => {
      const { entry, options, context, root, archive } = await setUp();
      const sha256 = hashOf('sha256', archive);
      await ensureFiles(entry, { ...options, archive: { url: `${server!.url}${path}`, sha256 } }, context);
      expect((await readdir(root)).sort()).toEqual(['small', 'small.tar.gz']);
      expect(await readdir(join(root, '..'))).toEqual(['data']);
    },
  );

  it('runs twice at once', async () => {
    const { entry, options, context, root, folder, contents } = await setUp(false);
    await Promise.all([ensureFiles(entry, options, context), ensureFiles(entry, options, context)]);
    for (const [name, bytes] of Object.entries(contents))
      expect(await readFile(join(folder, name))).toEqual(bytes);
    expect((await readdir(root)).sort()).toEqual(['small', 'small.tar.gz']);
    expect((await readdir(folder)).sort()).toEqual([MANIFEST_NAME, 'a.bin', 'b.bin', 'test.bin']);
    expect(await ensureFiles(entry, options, context)).toMatchObject({ action: 'found' });
  });

  it('without network says where the file belongs and offers the quickstart', async () => {
    const { entry, options, context, root } = await setUp();
    await server!.close();
    server = undefined;
    const error = await ensureFiles(entry, options, context).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toContain(entry.archive.url);
    expect((error as UserError).hint).toContain(
      `${join(root, 'small.tar.gz')} (its md5 must be ${entry.archive.md5})`,
    );
    expect((error as UserError).hint).toContain('gnet run configs/quickstart.yaml');
    expect(await readdir(root)).toEqual([]);
  });

  it('without network says how an archive that was packed anew can be used', async () => {
    const { entry, options, context, root, archive } = await setUp();
    await server!.close();
    server = undefined;
    await mkdir(root);
    const path = join(root, 'small.tar.gz');
    const anew = gzipSync(gunzipSync(archive), { level: 1 });
    expect(anew).not.toEqual(archive);
    await writeFile(path, anew);
    const error = await ensureFiles(entry, options, context).catch((reason: unknown) => reason);
    const { hint } = error as UserError;
    expect(hint).toContain(`unpack it to ${join(root, 'small')}`);
    const [, url, sha256] = /dataset\.archive to \{url: "([^"]+)", sha256: (\w+)\}/.exec(hint!)!;
    const named = { ...options, archive: { url: url!, sha256: sha256! } };
    expect(await ensureFiles(entry, named, context)).toMatchObject({ action: 'extracted' });
  });

  it('is interrupted by the signal, whatever it is doing', async () => {
    const { entry, options, context, root, archive } = await setUp();
    await mkdir(root);
    await writeFile(join(root, 'small.tar.gz'), archive);
    const interrupted = { ...context, signal: AbortSignal.abort() };
    await expect(ensureFiles(entry, options, interrupted)).rejects.toBeInstanceOf(Interrupted);
    await rm(join(root, 'small.tar.gz'));
    await expect(ensureFiles(entry, options, interrupted)).rejects.toBeInstanceOf(Interrupted);
    await expect(stat(join(root, 'small'))).rejects.toThrow('ENOENT');
  });

  it('has nothing to do for images that are drawn', async () => {
    expect(await ensureFiles(datasets.shapes, { limit: { train: null, test: null } })).toMatchObject({
      action: 'generated',
    });
  });
});
