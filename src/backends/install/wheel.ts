import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Entry, ZipFile } from 'yauzl';
import { systemErrorCode, UserError } from '../../errors.js';
import { fileError } from '../../storage/file_error.js';
import { makeDirectory } from '../../storage/make_directory.js';

/** A wheel (a zip file: packaging.python.org, "Binary distribution format") whose list of files has been read. */
export interface Wheel {
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** "cp312-cp312-manylinux_2_27_x86_64". */
  readonly tags: readonly string[];
  /** Requirements of an extra, such as "and-cuda". */
  requirementsOf(extra: string): string[];
  /** Names of its files. */
  readonly files: readonly string[];
  /**
   * Extracts those files of which `wanted` is true below `target`, each checked against its length and sha256 in the
   * wheel's own RECORD and fsynced. Nothing else is written, and only plain files are. @throws UserError
   */
  extract(wanted: (name: string) => boolean, target: string, signal?: AbortSignal): Promise<void>;
}

/** RECORD of the largest wheel has 2 MB. */
const MAX_METADATA_BYTES = 32 << 20;
const MAX_ENTRIES = 200_000;
const EXECUTABLE = 0o111;

/** Opens a wheel for as long as `use` takes. @throws UserError where the file cannot be read or is no wheel */
export async function withWheel<T>(path: string, use: (wheel: Wheel) => T | Promise<T>): Promise<T> {
  const { openPromise } = await import('yauzl');
  let zip: ZipFile | undefined;
  try {
    // Refuses absolute paths, "..", backslashes and entries that are longer than they say.
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    const wheel = await readWheel(path, zip).catch((error) => Promise.reject(wheelError(path, error)));
    return await use(wheel);
  } catch (error) {
    throw zip === undefined ? wheelError(path, error) : error;
  } finally {
    zip?.close();
  }
}

async function readWheel(path: string, zip: ZipFile): Promise<Wheel> {
  if (zip.entryCount > MAX_ENTRIES) throw new Error(`${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  const folder = [...entries.keys()].find((name) => /^[^/]+\.dist-info\/RECORD$/.test(name));
  if (folder === undefined) throw new Error('it has no RECORD');
  const read = (file: string) => readText(zip, entries.get(folder.replace(/RECORD$/, file)));
  const metadata = headers(await read('METADATA'));
  const record = parseRecord(await read('RECORD'));
  const [name, version] = [metadata.get('Name')?.[0], metadata.get('Version')?.[0]];
  if (!name || !version || !/^[\w.+!-]{1,100}$/.test(version)) throw new Error('its METADATA has no version');
  return {
    path,
    name,
    version,
    tags: headers(await read('WHEEL')).get('Tag') ?? [],
    requirementsOf: (extra) => extraRequirements(metadata.get('Requires-Dist') ?? [], extra),
    files: [...entries.keys()],
    extract: async (wanted, target, signal) => {
      try {
        for (const entry of entries.values()) {
          if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) continue;
          await extractEntry(zip, entry, record.get(entry.fileName), join(target, entry.fileName), signal);
        }
      } catch (error) {
        signal?.throwIfAborted();
        throw systemErrorCode(error) === undefined
          ? wheelError(path, error)
          : fileError('write', target, error);
      }
    },
  };
}

interface Expected {
  readonly sha256: string;
  readonly bytes: number;
}

async function extractEntry(
  zip: ZipFile,
  entry: Entry,
  expected: Expected | undefined,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { fileName, uncompressedSize, externalFileAttributes } = entry;
  if (expected === undefined) throw new Error(`${fileName} is not in its RECORD`);
  if (expected.bytes !== uncompressedSize)
    throw new Error(`${fileName}: expected ${expected.bytes} bytes, got ${uncompressedSize}`);
  await makeDirectory(dirname(path));
  // The upper half holds the mode. Of it, only whether the file can be run is taken: never a link or a device.
  const mode = (externalFileAttributes >>> 16) & EXECUTABLE ? 0o755 : 0o644;
  const handle = await open(path, 'wx', mode);
  try {
    const hash = createHash('sha256');
    for await (const chunk of await zip.openReadStreamPromise(entry)) {
      signal?.throwIfAborted();
      hash.update(chunk as Buffer);
      await handle.writeFile(chunk as Buffer);
    }
    const actual = hash.digest('base64url');
    if (actual !== expected.sha256)
      throw new Error(`${fileName}: expected sha256 ${expected.sha256}, got ${actual}`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readText(zip: ZipFile, entry: Entry | undefined): Promise<string> {
  if (entry === undefined) throw new Error('a file of its .dist-info is missing');
  if (entry.uncompressedSize > MAX_METADATA_BYTES) throw new Error(`${entry.fileName} is too large`);
  return (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
}

/** The one spelling of a package's name (packaging.python.org, "Names and normalization"). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}

/** "Key: value" lines up to the first empty one. */
function headers(text: string): Map<string, string[]> {
  const result = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    if (line === '') break;
    const [, key, value] = /^([A-Za-z-]+): (.*)$/.exec(line) ?? [];
    if (key !== undefined) result.set(key, [...(result.get(key) ?? []), value!]);
  }
  return result;
}

/** Lines of RECORD: path,sha256=<base64url>,bytes. */
function parseRecord(text: string): Map<string, Expected> {
  const lines = text.split(/\r?\n/).map((line) => /^"?([^"]+?)"?,sha256=([\w-]+),(\d+)$/.exec(line));
  return new Map(
    lines.flatMap((match) => (match ? [[match[1]!, { sha256: match[2]!, bytes: Number(match[3]) }]] : [])),
  );
}

/** `nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"` → "nvidia-nccl-cu12<3.0,>=2.27.7"; what is no plain requirement is left out. */
function extraRequirements(requirements: readonly string[], extra: string): string[] {
  return requirements.flatMap((line) => {
    const [requirement = '', marker = ''] = line.split(';').map((part) => part.trim());
    if (marker !== `extra == "${extra}"` && marker !== `extra == '${extra}'`) return [];
    return /^[A-Za-z0-9][\w.-]*[<>=!~\w., *-]*$/.test(requirement) ? [requirement] : [];
  });
}

function wheelError(path: string, error: unknown): unknown {
  if (error instanceof UserError) return error;
  if (systemErrorCode(error) !== undefined) return fileError('read', path, error);
  return new UserError(
    `${path}: expected a wheel, got a damaged or other file: ${(error as Error).message}`,
    {
      hint: 'Delete the file and download it again.',
      cause: error,
    },
  );
}
