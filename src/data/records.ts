import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import type {
  ArchiveDataset,
  GeneratedDataset,
  ImageSize,
  RecordFile,
  Split,
} from '../registry/datasets/dataset.js';
import { fileError } from '../storage/file_error.js';
import { readExactly } from '../storage/read_exactly.js';

/** One split of a data set, in memory. */
export interface Records {
  readonly image: ImageSize;
  readonly count: number;
  /** count × channels × height × width, uint8 planes. */
  readonly images: Uint8Array;
  /** count class numbers. */
  readonly labels: Int32Array;
}

/** Files are read in pieces of this many records, so that a large one is not held in memory twice. */
const CHUNK_RECORDS = 2000;

export function planeBytes({ channels, height, width }: ImageSize): number {
  return channels * height * width;
}

function emptyRecords(image: ImageSize, available: number, limit: number | null): Records {
  const count = Math.min(available, limit ?? available);
  return {
    image,
    count,
    images: new Uint8Array(count * planeBytes(image)),
    labels: new Int32Array(count),
  };
}

/**
 * Reads the first `limit` records (null: all) of a split from its files in `folder`.
 * Throws a UserError where a file cannot be read, is not exactly its records long, or holds an impossible label.
 */
export async function readRecords(
  entry: ArchiveDataset,
  split: Split,
  folder: string,
  limit: number | null,
): Promise<Records> {
  const files = entry.files[split];
  const available = files.reduce((sum, file) => sum + file.records, 0);
  const records = emptyRecords(entry.image, available, limit);
  let done = 0;
  for (const file of files) {
    const wanted = Math.min(file.records, records.count - done);
    if (wanted === 0) break;
    await readFileInto(entry, file, join(folder, file.name), records, done, wanted);
    done += wanted;
  }
  return records;
}

async function readFileInto(
  entry: ArchiveDataset,
  file: RecordFile,
  path: string,
  records: Records,
  first: number,
  wanted: number,
): Promise<void> {
  const recordBytes = entry.record.bytes;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, 'r');
    const { size } = await handle.stat();
    if (size !== file.records * recordBytes) {
      throw new UserError(
        `${path}: expected ${file.records * recordBytes} bytes (${file.records} records of ${recordBytes}), got ${size}`,
        { hint: 'Delete the file and run again: it is then fetched anew.' },
      );
    }
    const chunk = new Uint8Array(Math.min(CHUNK_RECORDS, wanted) * recordBytes);
    for (let record = 0; record < wanted; ) {
      const count = Math.min(CHUNK_RECORDS, wanted - record);
      const bytes = chunk.subarray(0, count * recordBytes);
      await readExactly(handle, bytes, record * recordBytes, (length) => shortened(path, length));
      decodeInto(entry, bytes, path, record, records, first + record);
      record += count;
    }
  } catch (error) {
    throw fileError('read', path, error);
  } finally {
    await handle?.close();
  }
}

function shortened(path: string, length: number): UserError {
  return new UserError(`${path}: expected more than ${length} bytes, but the file ended there`, {
    hint: 'Another program shortened it meanwhile; run again.',
  });
}

function decodeInto(
  entry: ArchiveDataset,
  bytes: Uint8Array,
  path: string,
  firstInFile: number,
  records: Records,
  first: number,
): void {
  const { bytes: recordBytes, labelOffset, imageOffset } = entry.record;
  const size = planeBytes(entry.image);
  for (let i = 0, at = 0; at < bytes.length; i++, at += recordBytes) {
    const label = bytes[at + labelOffset]!;
    if (label >= entry.classes.length) {
      throw new UserError(
        `${path}: record ${firstInFile + i} (counted from 0): expected a label from 0 to ${entry.classes.length - 1}, got ${label}`,
        { hint: 'These files are not the expected data set: check root and archive in the config.' },
      );
    }
    records.labels[first + i] = label;
    records.images.set(bytes.subarray(at + imageOffset, at + imageOffset + size), (first + i) * size);
  }
}

/** Draws the first `limit` images (null: all) of a split. */
export function drawRecords(
  entry: GeneratedDataset,
  seed: number,
  split: Split,
  limit: number | null,
): Records {
  const records = emptyRecords(entry.image, entry.counts[split], limit);
  const size = planeBytes(entry.image);
  for (let index = 0; index < records.count; index++) {
    const planes = records.images.subarray(index * size, (index + 1) * size);
    records.labels[index] = entry.draw(seed, split, index, planes);
  }
  return records;
}
