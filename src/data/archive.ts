import { createReadStream } from 'node:fs';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { ReadEntry, Unpack } from 'tar';
import { UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import { makeDirectory } from '../storage/make_directory.js';
import { removeAbandoned, scratchPath } from './scratch.js';

/** A file that is wanted from an archive, and how long it must be. */
export interface ExpectedFile {
  readonly name: string;
  readonly bytes: number;
}

export interface ExtractOptions {
  /** Path of a tar.gz. */
  readonly archive: string;
  /** The folder inside the archive that holds the files. */
  readonly folder: string;
  readonly files: readonly ExpectedFile[];
  /** The directory the files shall get to; created if it is missing. */
  readonly target: string;
  readonly signal?: AbortSignal | undefined;
}

/** Files beside the wanted ones (readme, class names) are skipped up to these bounds; more is no data set. */
const MAX_OTHER_ENTRIES = 1000;
const MAX_OTHER_BYTES = 64 << 20;
/** For the headers of one entry: its block, padding, and long names in blocks of their own. */
const ENTRY_OVERHEAD = 4096;
/** Archives end with zeros up to a multiple of what a tape took; more than that is no padding. */
const MAX_PADDING = 1 << 20;
const CHUNK_BYTES = 1 << 18;

const scratchBase = (target: string): string => join(target, '.extract');

/**
 * Extracts the wanted files into a new directory inside `target` and returns its path; `installFiles` moves them on. Nothing else is written: other entries are skipped, and an archive with links, devices, absolute paths or
 * `..` is refused as a whole.
 * Throws a UserError where the archive cannot be read or is not as expected.
 */
export async function extractFiles(options: ExtractOptions): Promise<string> {
  const { archive, folder, files, target, signal } = options;
  const scratch = scratchPath(scratchBase(target));
  try {
    await makeDirectory(target);
    await mkdir(scratch);
    await unpack(options, scratch);
    for (const file of files) await checkExtracted(join(scratch, folder, file.name), file, archive);
    return scratch;
  } catch (error) {
    // The first error is the one to report.
    await rm(scratch, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    signal?.throwIfAborted();
    throw fileError('write', target, error);
  }
}

/** Removes what killed processes left of their extractions. */
export async function removeLeftovers(target: string): Promise<void> {
  await removeAbandoned(scratchBase(target));
}

/**
 * Moves extracted files to `target`, each in one rename, and removes the scratch. They are not fsynced, which may take
 * longer than extracting them again: they are checked by content whenever they are used, after a power failure too.
 */
export async function installFiles(
  scratch: string,
  folder: string,
  names: readonly string[],
  target: string,
) {
  try {
    for (const name of names) await rename(join(scratch, folder, name), join(target, name));
  } catch (error) {
    throw fileError('write', target, error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** In memory that does not grow with what the archive holds or claims, and one turn of the event loop a chunk. */
async function unpack({ archive, folder, files, signal }: ExtractOptions, cwd: string): Promise<void> {
  const tar = await import('tar');
  const expected = new Map(files.map((file) => [`${folder}/${file.name}`, file.bytes]));
  const guard = entryGuard(archive, expected);
  // Held in an object: TypeScript does not see that callbacks assign it.
  const state: { error?: Error; ended?: boolean } = {};
  const unpacker: Unpack = new tar.Unpack({
    cwd,
    strict: true,
    zstd: false,
    preserveOwner: false,
    noMtime: true,
    filter: (path, entry) => {
      // `filter` is called from inside stream callbacks, where a throw would end the process.
      if (state.error !== undefined || !('header' in entry)) return false;
      const refusal = guard(path, entry);
      if (refusal instanceof UserError) {
        state.error = refusal;
        unpacker.abort(refusal);
        return false;
      }
      return refusal;
    },
  });
  const closed = new Promise<void>((resolve) => {
    unpacker.on('close', resolve);
    unpacker.on('error', (error: Error) => {
      state.error ??= error;
      resolve();
    });
  });
  unpacker.on('eof', () => {
    state.ended = true;
  });
  const limit = tarLimit(files);
  // Kept, as the pipeline tells of the abort that follows and not of its reason.
  const refuse = (text: string): UserError => {
    const refusal = notExpected(archive, text);
    state.error = refusal;
    return refusal;
  };
  const feed = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    let bytes = 0;
    let padding = 0;
    let beginning = '';
    for await (const chunk of chunks) {
      if (state.error !== undefined) throw state.error;
      if (bytes < 2) beginning += chunk.toString('latin1', 0, 2);
      // The unpacker would decompress once more, all at once.
      if (beginning.startsWith('\x1f\x8b')) throw refuse('expected a tar, compressed once');
      bytes += chunk.length;
      if (bytes > limit) throw refuse(`expected at most ${limit} bytes in it, got more`);
      if (state.ended) {
        // The unpacker would keep all that follows the end in one growing buffer.
        padding += chunk.length;
        if (padding > MAX_PADDING) {
          throw refuse('expected nothing after the end of the tar, got more data');
        }
      } else if (!unpacker.write(chunk)) {
        await Promise.race([new Promise<void>((resolve) => unpacker.once('drain', resolve)), closed]);
      }
    }
  };
  try {
    await pipeline(
      createReadStream(archive, { highWaterMark: CHUNK_BYTES }),
      createGunzip({ chunkSize: CHUNK_BYTES }),
      feed,
      { signal },
    );
    if (state.error === undefined) unpacker.end();
  } catch (error) {
    state.error ??= error as Error;
    unpacker.abort(state.error);
  }
  await closed;
  if (state.error !== undefined) throw badArchive(archive, state.error);
}

/** What a tar with these files, and as much else as is put up with, can be long. */
function tarLimit(files: readonly ExpectedFile[]): number {
  const wanted = files.reduce((sum, file) => sum + file.bytes, 0);
  return wanted + MAX_OTHER_BYTES + (files.length + MAX_OTHER_ENTRIES) * ENTRY_OVERHEAD + MAX_PADDING;
}

/** Decides for each entry: true to extract, false to skip, a UserError to refuse the archive. */
function entryGuard(archive: string, expected: ReadonlyMap<string, number>) {
  const seen = new Set<string>();
  let others = 0;
  let otherBytes = 0;
  const refuse = (text: string): UserError => notExpected(archive, text);
  return (path: string, entry: ReadEntry): boolean | UserError => {
    const name = path.replace(/^(\.\/)+/, '');
    if (name.startsWith('/') || /^[A-Za-z]:|\\/.test(name) || name.split('/').includes('..')) {
      return refuse(`expected paths inside the archive's folder, got ${JSON.stringify(path)}`);
    }
    const isFile = entry.type === 'File' || entry.type === 'OldFile' || entry.type === 'ContiguousFile';
    if (!isFile && entry.type !== 'Directory') {
      return refuse(`expected files and folders only, got ${JSON.stringify(path)} (${entry.type})`);
    }
    const bytes = expected.get(name);
    if (bytes === undefined) {
      others += 1;
      otherBytes += entry.size;
      if (others <= MAX_OTHER_ENTRIES && otherBytes <= MAX_OTHER_BYTES) return false;
      return refuse(
        `expected ${expected.size} files and little else, got ${others} others (${otherBytes} bytes)`,
      );
    }
    if (!isFile) return refuse(`${name}: expected a file, got ${entry.type}`);
    if (seen.has(name)) return refuse(`${name}: expected once, got it twice`);
    if (entry.size !== bytes) return refuse(`${name}: expected ${bytes} bytes, got ${entry.size}`);
    seen.add(name);
    // The archive's permission bits are not ours: the files must be readable, and nothing else.
    entry.mode = 0o644;
    return true;
  };
}

/** `unpack` reports what it refuses; this finds what never came. */
async function checkExtracted(path: string, file: ExpectedFile, archive: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined);
  if (status?.isFile() && status.size === file.bytes) return;
  const actual = status === undefined ? 'no such file' : `${status.size} bytes`;
  throw notExpected(archive, `${file.name}: expected ${file.bytes} bytes, got ${actual}`);
}

function notExpected(archive: string, text: string): UserError {
  return new UserError(`${archive}: ${text}`, {
    hint: 'This is not the expected archive: check its source.',
  });
}

/** Errors of the disk are left to the caller; all others mean that the bytes are no tar.gz. */
function badArchive(archive: string, error: Error): unknown {
  if (error instanceof UserError || 'syscall' in error) return error;
  return new UserError(`${archive}: expected a tar.gz, got damaged or other data (${error.message})`, {
    hint: 'Delete the file and run again: it is then fetched anew.',
    cause: error,
  });
}
