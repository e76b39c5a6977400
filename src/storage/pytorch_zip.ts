import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { systemErrorCode } from '../errors.js';
import type { Meanings } from './pickle.js';
import { readExactly } from './read_exactly.js';

/** The files in a zip archive that keeps them uncompressed, as torch.save does. */
export interface StoredZip {
  readonly names: readonly string[];
  /** The length of a file, or undefined where there is none of that name. */
  size(name: string): number | undefined;
  /** A file's bytes, checked against their CRC-32, in memory of their own. @throws what `fail` makes */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** One a tensor, and a few more. */
const MAX_ENTRIES = 100_000;
const ENCRYPTED = 1;

/**
 * Reads the directory of a zip archive. Its files may be neither compressed nor encrypted, nor lie over each other: all of
 * them together are no larger than the archive.
 * @param handle the same file, open for reading
 * @throws what `fail` makes, system errors
 */
export async function openStoredZip(
  path: string,
  handle: FileHandle,
  fail: Meanings['fail'],
): Promise<StoredZip> {
  const places = await readPlaces(path, fail);
  return {
    names: [...places.keys()],
    size: (name) => places.get(name)?.entry.compressedSize,
    read: async (name) => {
      const place = places.get(name);
      if (!place) throw fail(`expected a file ${JSON.stringify(name)} in the archive, got none`);
      const bytes = new Uint8Array(place.entry.compressedSize);
      await readExactly(handle, bytes, place.start, (length) =>
        fail(`expected ${place.start + bytes.length} bytes, got ${length}`),
      );
      if (crc32(bytes) !== place.entry.crc32) {
        throw fail(
          `${JSON.stringify(name)}: expected the bytes of its CRC-32, got others: the file is damaged`,
        );
      }
      return bytes;
    },
  };
}

interface Place {
  readonly entry: Entry;
  /** Where its bytes begin. */
  readonly start: number;
}

async function readPlaces(path: string, fail: Meanings['fail']): Promise<Map<string, Place>> {
  const { openPromise } = await import('yauzl');
  let zip: ZipFile | undefined;
  try {
    // Refuses directories that lie outside of the file.
    zip = await openPromise(path, { lazyEntries: true, autoClose: false });
    const places = new Map<string, Place>();
    for await (const entry of zip.eachEntry()) {
      const { fileName } = entry;
      const subject = JSON.stringify(fileName);
      if (places.size === MAX_ENTRIES)
        throw fail(`expected at most ${MAX_ENTRIES} files in the archive, got more`);
      if (places.has(fileName)) throw fail(`${subject}: expected it once in the archive, got it twice`);
      if (entry.generalPurposeBitFlag & ENCRYPTED)
        throw fail(`${subject}: expected a plain file, got an encrypted one`);
      if (entry.compressionMethod !== 0 || entry.compressedSize !== entry.uncompressedSize) {
        throw fail(
          `${subject}: expected a file that is stored as it is, as torch.save does, got a compressed one`,
        );
      }
      const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
      places.set(fileName, { entry, start: fileDataStart });
    }
    requireApart([...places.values()], fail);
    return places;
  } catch (error) {
    const isOurs =
      error instanceof Error && (error.name === 'UserError' || systemErrorCode(error) !== undefined);
    throw isOurs ? error : fail((error as Error).message);
  } finally {
    zip?.close();
  }
}

function requireApart(places: readonly Place[], fail: Meanings['fail']): void {
  let end = 0;
  const inOrder = places.toSorted(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  );
  for (const { entry, start } of inOrder) {
    if (entry.relativeOffsetOfLocalHeader < end) {
      throw fail(
        `${JSON.stringify(entry.fileName)}: expected a place of its own, got one that overlaps another file's`,
      );
    }
    end = start + entry.compressedSize;
  }
}
