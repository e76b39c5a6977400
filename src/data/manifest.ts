import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { ArchiveDataset, RecordFile } from '../registry/datasets/dataset.js';
import { writeFileAtomic } from '../storage/atomic.js';
import { type Digest, digestFile } from '../storage/digest.js';
import { fileError } from '../storage/file_error.js';

/** Kept beside the extracted files: which archive they are from, and their digests. */
export const MANIFEST_NAME = '.gnet-manifest.json';

const manifestSchema = Type.Object({
  archive: Type.Object({ algorithm: Type.String(), hex: Type.String() }),
  files: Type.Record(Type.String(), Type.String()),
});

export function recordFiles(entry: ArchiveDataset): readonly RecordFile[] {
  return [...entry.files.train, ...entry.files.test];
}

/** The md5 of each file in `folder`, by name; the files must be there. */
export async function hashFiles(
  entry: ArchiveDataset,
  folder: string,
  signal?: AbortSignal,
): Promise<Record<string, string>> {
  const names = recordFiles(entry).map((file) => file.name);
  const hashes = await Promise.all(names.map((name) => digestFile(join(folder, name), 'md5', signal)));
  return Object.fromEntries(names.map((name, i) => [name, hashes[i]!]));
}

export async function writeManifest(
  folder: string,
  archive: Digest,
  files: Readonly<Record<string, string>>,
) {
  await writeFileAtomic(join(folder, MANIFEST_NAME), `${JSON.stringify({ archive, files }, null, 2)}\n`);
}

/** The md5 that each file must have, as far as it is known: from the entry's own table, or from the manifest. */
async function expectedHashes(
  entry: ArchiveDataset,
  folder: string,
  archive: Digest,
): Promise<Map<string, string>> {
  const isOfficial = archive.hex === entry.archive.md5;
  const known = new Map<string, string>();
  for (const { name, md5 } of recordFiles(entry)) {
    if (isOfficial && md5 !== undefined) known.set(name, md5);
  }
  if (known.size === recordFiles(entry).length) return known;
  try {
    const manifest: unknown = JSON.parse(await readFile(join(folder, MANIFEST_NAME), 'utf8'));
    if (Value.Check(manifestSchema, manifest) && manifest.archive.hex === archive.hex) {
      for (const [name, md5] of Object.entries(manifest.files)) if (!known.has(name)) known.set(name, md5);
    }
  } catch {
    // A missing or damaged manifest vouches for nothing.
  }
  return known;
}

/** `absent`: none of the files is there; `damaged`: with one line for each file that is not as it must be. */
export type Inspection =
  | { readonly state: 'intact' | 'absent' }
  | { readonly state: 'damaged'; readonly problems: readonly string[] };

/** Compares the files in `folder` with what `archive` holds, by length and content. */
export async function inspectFiles(
  entry: ArchiveDataset,
  folder: string,
  archive: Digest,
  signal?: AbortSignal,
): Promise<Inspection> {
  const expected = await expectedHashes(entry, folder, archive);
  const files = recordFiles(entry);
  let missing = 0;
  const inspect = async (file: RecordFile): Promise<string | undefined> => {
    const path = join(folder, file.name);
    const status = await lstat(path).catch(() => undefined);
    if (status === undefined) {
      missing += 1;
      return `${path}: missing`;
    }
    const bytes = file.records * entry.record.bytes;
    if (!status.isFile()) return `${path}: expected a file, got something else`;
    if (status.size !== bytes) return `${path}: expected ${bytes} bytes, got ${status.size}`;
    const md5 = expected.get(file.name);
    if (md5 === undefined) return `${path}: no manifest says that it is from this archive`;
    const actual = await digestFile(path, 'md5', signal).catch((error) =>
      Promise.reject(fileError('read', path, error)),
    );
    return actual === md5 ? undefined : `${path}: expected md5 ${md5}, got ${actual}`;
  };
  const problems = (await Promise.all(files.map(inspect))).filter((problem) => problem !== undefined);
  if (problems.length === 0) return { state: 'intact' };
  return missing === files.length ? { state: 'absent' } : { state: 'damaged', problems };
}
