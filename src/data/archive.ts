import { createReadStream } from 'node:fs';
import { lstat, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadEntry, Unpack } from 'tar';
import { UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';
import { removeAbandoned, temporaryName } from '../storage/temporary_name.js';

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

const scratchBase = (target: string): string => join(target, 'extract');

/**
 * Extracts the wanted files into a new directory inside `target` and returns its path; `installFiles` moves them on. Nothing else is written: other entries are skipped, and an archive with links, devices, absolute paths or
 * `..` is refused as a whole.
 * Throws a UserError where the archive cannot be read or is not as expected.
 */
export async function extractFiles(options: ExtractOptions): Promise<string> {
  const { archive, folder, files, target, signal } = options;
  const scratch = temporaryName(scratchBase(target));
  try {
    await mkdir(target, { recursive: true });
    await mkdir(scratch);
    await unpack(options, scratch);
    for (const file of files) await checkExtracted(join(scratch, folder, file.name), file, archive);
    return scratch;
  } catch (error) {
    // The first error is the one to report.
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
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

async function unpack({ archive, folder, files, signal }: ExtractOptions, cwd: string): Promise<void> {
  const tar = await import('tar');
  const expected = new Map(files.map((file) => [`${folder}/${file.name}`, file.bytes]));
  const guard = entryGuard(archive, expected);
  // Held in an object: TypeScript does not see that callbacks assign it.
  const failure: { error?: Error } = {};
  const unpacker: Unpack = new tar.Unpack({
    cwd,
    strict: true,
    preserveOwner: false,
    noMtime: true,
    filter: (path, entry) => {
      // `filter` is called from inside stream callbacks, where a throw would end the process.
      if (failure.error !== undefined || !('header' in entry)) return false;
      const refusal = guard(path, entry);
      if (refusal instanceof UserError) {
        failure.error = refusal;
        unpacker.abort(refusal);
        return false;
      }
      return refusal;
    },
  });
  const closed = new Promise<void>((resolve) => {
    unpacker.on('close', resolve);
    unpacker.on('error', (error: Error) => {
      failure.error ??= error;
      resolve();
    });
  });
  const source = createReadStream(archive, { signal, highWaterMark: 1 << 18 });
  for await (const chunk of source) {
    if (failure.error !== undefined) break;
    if (!unpacker.write(chunk)) {
      await Promise.race([new Promise<void>((resolve) => unpacker.once('drain', resolve)), closed]);
    }
  }
  if (failure.error === undefined) unpacker.end();
  await closed;
  if (failure.error !== undefined) throw badArchive(archive, failure.error);
}

/** Decides for each entry: true to extract, false to skip, a UserError to refuse the archive. */
function entryGuard(archive: string, expected: ReadonlyMap<string, number>) {
  const seen = new Set<string>();
  let others = 0;
  let otherBytes = 0;
  const refuse = (text: string): UserError =>
    new UserError(`${archive}: ${text}`, { hint: 'This is not the expected archive: check its source.' });
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
  throw new UserError(`${archive}: ${file.name}: expected ${file.bytes} bytes, got ${actual}`, {
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
