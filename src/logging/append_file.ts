import { closeSync, constants, fstatSync, fsync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';

/**
 * A file that only grows. Each append goes to the system at once (a few microseconds), so `tail -f` and TensorBoard
 * see it and a killed process loses nothing; `sync` makes it survive a power failure.
 */
export class AppendFile {
  readonly path: string;
  readonly #descriptor: number;

  private constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  /**
   * Opens a file for appending, and creates it if need be. With `truncateTo` (bytes), what a checkpoint recorded, the
   * file is first cut to that length: what comes after was written by steps that will be done again.
   * Throws a UserError if the file is shorter than that or cannot be written.
   */
  static open(path: string, { truncateTo }: { truncateTo?: number } = {}): AppendFile {
    try {
      if (truncateTo === undefined || truncateTo === 0) {
        const cut = truncateTo === 0 ? constants.O_TRUNC : 0;
        const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | cut;
        return new AppendFile(path, openSync(path, flags, 0o666));
      }
      return new AppendFile(path, openAndCut(path, truncateTo));
    } catch (error) {
      throw fileError('write', path, error);
    }
  }

  append(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    try {
      // A nearly full disk takes a part, and only the next call fails.
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#descriptor, bytes, done);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  /** Length of the file, in bytes. */
  length(): number {
    return fstatSync(this.#descriptor).size;
  }

  /** Makes everything appended so far durable. The file must not be closed meanwhile. */
  async sync(): Promise<void> {
    try {
      await promisify(fsync)(this.#descriptor);
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function openAndCut(path: string, length: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') throw tooShort(path, length, 'no such file');
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size < length) throw tooShort(path, length, `${size} bytes`);
    ftruncateSync(descriptor, length);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function tooShort(path: string, length: number, actual: string): UserError {
  return new UserError(
    `${path}: expected at least the ${length} bytes that the checkpoint recorded, got ${actual}`,
    {
      hint: 'The file was changed after the checkpoint: put it back, or start a new run from the weights with --init.',
    },
  );
}
