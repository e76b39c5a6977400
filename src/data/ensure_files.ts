import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Interrupted, systemErrorCode, UserError } from '../errors.js';
import { listingBase } from '../listing/list_images.js';
import {
  type ArchiveDataset,
  type ArchiveOptions,
  type DatasetEntry,
  type DatasetOptions,
  filesOptions,
} from '../registry/datasets/dataset.js';
import { type Digest, digestFile } from '../storage/digest.js';
import { fileError } from '../storage/file_error.js';
import { extractFiles, installFiles, removeLeftovers } from './archive.js';
import { type DownloadOptions, download } from './download.js';
import { hashFiles, inspectFiles, recordFiles, writeManifest } from './manifest.js';

export interface FilesContext extends Pick<DownloadOptions, 'signal' | 'onProgress' | 'log' | 'delay'> {}

/** What was done to have the files, and one sentence about it. */
export interface Ensured {
  readonly action: 'found' | 'extracted' | 'downloaded' | 'generated';
  readonly detail: string;
}

interface Source {
  readonly url: string;
  readonly digest: Digest;
}

/**
 * The download stage: afterwards the files of the data set are there, each checked by its content. Files that are
 * there already are left alone; an archive that somebody put into `root` is used; damaged files are reported through
 * `log` and replaced. Throws UserError, or Interrupted through the signal.
 */
export async function ensureFiles(
  entry: DatasetEntry,
  options: DatasetOptions,
  context: FilesContext = {},
): Promise<Ensured> {
  if (entry.kind === 'files') {
    return {
      action: 'found',
      detail: `the images of ${listingBase(filesOptions(options))} are your own: there is nothing to download`,
    };
  }
  if (entry.kind === 'generated') {
    return {
      action: 'generated',
      detail: 'the images are drawn from the seed: there is nothing to download',
    };
  }
  try {
    return await ensureArchiveFiles(entry, archiveOptions(options), context);
  } catch (error) {
    if (context.signal?.aborted && !(error instanceof Interrupted)) {
      throw new Interrupted('interrupted while preparing the data; run again to continue');
    }
    throw error;
  }
}

async function ensureArchiveFiles(
  entry: ArchiveDataset,
  { root, archive }: ArchiveOptions,
  context: FilesContext,
): Promise<Ensured> {
  const { signal, log = () => undefined } = context;
  const folder = join(root, entry.folder);
  const source = sourceOf(entry, archive);
  await removeLeftovers(folder);
  const before = await inspectFiles(entry, folder, source.digest, signal);
  if (before.state === 'intact') {
    return {
      action: 'found',
      detail: `${folder}: all ${recordFiles(entry).length} files are there, content checked`,
    };
  }
  if (before.state === 'damaged') for (const problem of before.problems) log(`${problem}; fetching it again`);

  const { path, fetched } = await ensureArchive(entry, root, source, context);
  await extract(entry, path, folder, source.digest, signal);
  return fetched
    ? { action: 'downloaded', detail: `${source.url}: downloaded and extracted to ${folder}` }
    : { action: 'extracted', detail: `${path}: extracted to ${folder}` };
}

/** The path of the archive, its digest checked. A file: URL is read where it is. */
async function ensureArchive(
  entry: ArchiveDataset,
  root: string,
  { url, digest }: Source,
  context: FilesContext,
): Promise<{ path: string; fetched: boolean }> {
  const { algorithm, hex } = digest;
  if (url.startsWith('file:')) {
    const path = localPath(url);
    const actual = await digestFile(path, algorithm, context.signal).catch((error) =>
      Promise.reject(fileError('read', path, error)),
    );
    if (actual === hex) return { path, fetched: false };
    throw new UserError(`${path}: expected ${algorithm} ${hex}, got ${actual}`, {
      hint: 'Check which file is meant: dataset.archive in the config names both the file and its digest.',
    });
  }
  const path = join(root, archiveName(url, entry));
  const actual = await digestFile(path, algorithm, context.signal).catch((error) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw fileError('read', path, error);
  });
  if (actual === hex) return { path, fetched: false };
  if (actual !== undefined) {
    context.log?.(`${path}: expected ${algorithm} ${hex}, got ${actual}; fetching it again`);
  }
  try {
    await download({ ...context, url, destination: path, digest, maxBytes: maxArchiveBytes(entry) });
  } catch (error) {
    if (actual === undefined || !(error instanceof UserError)) throw error;
    const hint = `${error.hint ?? ''}\n${await useAnother(entry, path, digest, context)}`.trim();
    throw new UserError(error.message, { hint, cause: error });
  }
  return { path, fetched: true };
}

/** How an archive that is there can be used although its digest is another, as where it was packed anew. */
async function useAnother(
  entry: ArchiveDataset,
  path: string,
  { algorithm, hex }: Digest,
  { signal }: FilesContext,
): Promise<string> {
  const sha256 = await digestFile(path, 'sha256', signal).catch((error) =>
    Promise.reject(fileError('read', path, error)),
  );
  const folder = join(dirname(path), entry.folder);
  // Only of the official archive the digests of its files are known.
  const unpack = hex === entry.archive.md5 ? `unpack it to ${folder}, where each file is checked, or ` : '';
  return (
    `${path} is there with another ${algorithm}. If it holds the same files, packed anew: ${unpack}` +
    `set dataset.archive to {url: "${pathToFileURL(path).href}", sha256: ${sha256}}.`
  );
}

function localPath(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new UserError(`${url}: expected file:/// and an absolute path`, {
      hint: 'Correct dataset.archive.url in the config.',
      cause,
    });
  }
}

export function archiveOptions(options: DatasetOptions): ArchiveOptions {
  if ('archive' in options) return options;
  throw new TypeError('an archive data set needs the options root and archive');
}

function sourceOf(entry: ArchiveDataset, archive: ArchiveOptions['archive']): Source {
  if (archive === null)
    return { url: entry.archive.url, digest: { algorithm: 'md5', hex: entry.archive.md5 } };
  return { url: archive.url, digest: { algorithm: 'sha256', hex: archive.sha256.toLowerCase() } };
}

/** The last part of the URL where that is a plain file name: a URL does not choose where files go. */
function archiveName(url: string, entry: ArchiveDataset): string {
  const last =
    url
      .replace(/[?#].*$/, '')
      .split('/')
      .at(-1) ?? '';
  return /^\w[\w.-]*\.(tar\.gz|tgz)$/.test(last) ? last : `${entry.folder}.tar.gz`;
}

/** Compressed images are never much longer than their records; the rest is for a readme and the like. */
function maxArchiveBytes(entry: ArchiveDataset): number {
  const records = recordFiles(entry).reduce((sum, file) => sum + file.records, 0);
  return Math.ceil(1.25 * records * entry.record.bytes) + (16 << 20);
}

async function extract(
  entry: ArchiveDataset,
  archive: string,
  folder: string,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const files = recordFiles(entry).map(({ name, records }) => ({
    name,
    bytes: records * entry.record.bytes,
  }));
  const scratch = await extractFiles({ archive, folder: entry.folder, files, target: folder, signal });
  // Another process may have been faster meanwhile: its files are as good, once checked.
  const meanwhile = await inspectFiles(entry, folder, digest, signal);
  if (meanwhile.state === 'intact') return rm(scratch, { recursive: true, force: true });
  const hashes = await hashFiles(entry, join(scratch, entry.folder), signal);
  await installFiles(
    scratch,
    entry.folder,
    files.map((file) => file.name),
    folder,
  );
  await writeManifest(folder, digest, hashes);
  const after = await inspectFiles(entry, folder, digest, signal);
  if (after.state === 'intact') return;
  const problem = after.state === 'damaged' ? after.problems[0] : 'the files are gone';
  throw new UserError(`${archive}: extracted, but not as expected: ${problem}`, {
    hint: 'Check that no other program writes there, and run again.',
  });
}
