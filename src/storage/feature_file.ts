import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { writeFileAtomic } from './atomic.js';
import { fileError } from './file_error.js';
import { readExactly } from './read_exactly.js';
import { removeAbandoned } from './temporary_name.js';

/** Bytes of a SHA-256: of the key before the rows, and of all that is before it behind them. */
const DIGEST_BYTES = 32;
const FLOAT_BYTES = 4;

/** What tells a file of features from others. */
export interface FeatureFileFacts {
  /** SHA-256 of all that the features depend on. */
  readonly key: Uint8Array;
  /** Rows, one an image. */
  readonly count: number;
  /** float32 numbers of a row. */
  readonly length: number;
}

/** A whole file of features, open to be read. */
export interface FeatureFile {
  /**
   * @returns indices.length × length numbers
   * @throws UserError where the file cannot be read
   */
  read(indices: Uint32Array): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Writes a file of features: the key, the rows in little-endian float32, the SHA-256 of both. It has its name only once it is
 * whole and durable; what an earlier process that was killed has left of one is removed.
 * @param rows any number at a time
 * @throws UserError where the place cannot be written, and what `rows` throws
 */
export async function writeFeatureFile(
  path: string,
  { key, count, length }: FeatureFileFacts,
  rows: AsyncIterable<Float32Array>,
): Promise<void> {
  await removeAbandoned(path);
  async function* content() {
    const hash = createHash('sha256').update(key);
    yield key;
    let bytes = 0;
    for await (const { buffer, byteOffset, byteLength } of rows) {
      const piece = new Uint8Array(buffer, byteOffset, byteLength);
      hash.update(piece);
      bytes += byteLength;
      yield piece;
    }
    const expected = count * length * FLOAT_BYTES;
    if (bytes !== expected) throw new Error(`${path}: expected ${expected} bytes of rows, got ${bytes}`);
    yield hash.digest();
  }
  await writeFileAtomic(path, content());
}

/**
 * Opens a file of features, once it has been read and found whole.
 * @returns null where there is none, or one with another key, of another size or with another digest
 */
export async function openFeatureFile(path: string, facts: FeatureFileFacts): Promise<FeatureFile | null> {
  const handle = await open(path, 'r').catch(() => null);
  if (handle === null) return null;
  if (!(await isWhole(handle, facts).catch(() => false))) {
    await handle.close();
    return null;
  }
  const rowBytes = facts.length * FLOAT_BYTES;
  return {
    read: async (indices) => {
      const bytes = new Uint8Array(indices.length * rowBytes);
      for (let from = 0; from < indices.length; ) {
        let to = from + 1;
        while (to < indices.length && indices[to] === indices[to - 1]! + 1) to++;
        const place = DIGEST_BYTES + indices[from]! * rowBytes;
        await readRows(handle, path, bytes.subarray(from * rowBytes, to * rowBytes), place);
        from = to;
      }
      return new Float32Array(bytes.buffer);
    },
    close: () => handle.close(),
  };
}

async function readRows(handle: FileHandle, path: string, into: Uint8Array, position: number): Promise<void> {
  try {
    await readExactly(handle, into, position, (length) => cut(path, length));
  } catch (error) {
    throw fileError('read', path, error);
  }
}

function cut(path: string, length: number): UserError {
  return new UserError(`${path}: expected more than its ${length} bytes: it was cut while the run read it`, {
    hint: 'Resume the run: it computes the features again.',
  });
}

async function isWhole(handle: FileHandle, { key, count, length }: FeatureFileFacts): Promise<boolean> {
  const { size } = await handle.stat();
  const end = DIGEST_BYTES + count * length * FLOAT_BYTES;
  if (size !== end + DIGEST_BYTES) return false;
  const [found, digest] = [Buffer.alloc(DIGEST_BYTES), Buffer.alloc(DIGEST_BYTES)];
  const tooShort = () => new Error('cut');
  await readExactly(handle, found, 0, tooShort);
  if (!found.equals(key)) return false;
  await readExactly(handle, digest, end, tooShort);
  const hash = createHash('sha256');
  const stream = handle.createReadStream({ start: 0, end: end - 1, autoClose: false });
  for await (const chunk of stream) hash.update(chunk as Buffer);
  return hash.digest().equals(digest);
}
