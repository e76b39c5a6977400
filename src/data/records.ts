import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../errors.js';
import { isSortedByClass } from '../listing/sample.js';
import type { ArchiveDataset, Draw, RecordFile, StoredSplit } from '../registry/datasets/dataset.js';
import type { DatasetContents } from '../registry/datasets/facts.js';
import { fileError } from '../storage/file_error.js';
import { readExactly } from '../storage/read_exactly.js';
import { memorySource, planeBytes, type Source } from './source.js';

/** Files are read in pieces of this many records, so that a large one is not held in memory twice. */
const CHUNK_RECORDS = 2000;

/** Consecutive records of a file. */
interface Piece {
  readonly path: string;
  /** Number of its first record, counted from 0 in the file. */
  readonly firstInFile: number;
  readonly count: number;
  /** Valid until the next piece is asked for. */
  readonly bytes: Uint8Array;
}

/** A split of an archive data set, and the folder that its files are in. */
export interface RecordPlace {
  readonly entry: ArchiveDataset;
  readonly contents: DatasetContents;
  readonly split: StoredSplit;
  readonly folder: string;
}

/**
 * Reads some records of a split into memory.
 * @param indices their numbers, ascending
 * @throws UserError where a file cannot be read, is not exactly its records long, or holds an impossible label
 */
export async function readRecords(place: RecordPlace, indices: Uint32Array): Promise<Source> {
  const { entry, contents } = place;
  const size = planeBytes(contents.image);
  const { bytes: recordBytes, imageOffset } = entry.record;
  const images = new Uint8Array(indices.length * size);
  const labels = new Int32Array(indices.length);
  let done = 0;
  let first = 0;
  if (indices.length > 0) {
    for await (const piece of piecesOf(place)) {
      for (; done < indices.length && indices[done]! < first + piece.count; done++) {
        const record = indices[done]! - first;
        labels[done] = labelOf(place, piece, record);
        const at = record * recordBytes + imageOffset;
        images.set(piece.bytes.subarray(at, at + size), done * size);
      }
      if (done === indices.length) break;
      first += piece.count;
    }
  }
  return memorySource(contents.image, images, labels);
}

/**
 * The labels of a split, from its first record on: all of them, or as many as it takes to see that they are not sorted
 * by class.
 * @throws UserError as `readRecords`
 */
export async function readLabels(place: RecordPlace): Promise<Int32Array> {
  const labels: number[] = [];
  for await (const piece of piecesOf(place)) {
    for (let record = 0; record < piece.count; record++) labels.push(labelOf(place, piece, record));
    if (!isSortedByClass(Int32Array.from(labels))) break;
  }
  return Int32Array.from(labels);
}

async function* piecesOf({ entry, split, folder }: RecordPlace): AsyncGenerator<Piece, void, undefined> {
  for (const file of entry.files[split]) yield* piecesOfFile(entry, file, join(folder, file.name));
}

async function* piecesOfFile(
  entry: ArchiveDataset,
  file: RecordFile,
  path: string,
): AsyncGenerator<Piece, void, undefined> {
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
    const chunk = new Uint8Array(Math.min(CHUNK_RECORDS, file.records) * recordBytes);
    for (let firstInFile = 0; firstInFile < file.records; firstInFile += CHUNK_RECORDS) {
      const count = Math.min(CHUNK_RECORDS, file.records - firstInFile);
      const bytes = chunk.subarray(0, count * recordBytes);
      await readExactly(handle, bytes, firstInFile * recordBytes, (length) => shortened(path, length));
      yield { path, firstInFile, count, bytes };
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

function labelOf({ entry, contents }: RecordPlace, { path, firstInFile, bytes }: Piece, record: number) {
  const label = bytes[record * entry.record.bytes + entry.record.labelOffset]!;
  if (label < contents.classes.length) return label;
  throw new UserError(
    `${path}: record ${firstInFile + record} (counted from 0): expected a label from 0 to ${contents.classes.length - 1}, got ${label}`,
    { hint: 'These files are not the expected data set: check root and archive in the config.' },
  );
}

/** Draws some images of a split. */
export function drawRecords(
  { image }: DatasetContents,
  draw: Draw,
  labelOfIndex: (index: number) => number,
  seed: number,
  split: StoredSplit,
  indices: Uint32Array,
): Source {
  const size = planeBytes(image);
  const images = new Uint8Array(indices.length * size);
  for (const [place, index] of indices.entries()) {
    draw(seed, split, index, images.subarray(place * size, (place + 1) * size));
  }
  return memorySource(image, images, Int32Array.from(indices, labelOfIndex));
}
