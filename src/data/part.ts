import { lstat, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemErrorCode } from '../errors.js';
import { fsyncDirectory } from '../storage/atomic.js';
import { fileError } from '../storage/file_error.js';
import { makeDirectory } from '../storage/make_directory.js';
import { abandonedTemporaries, temporaryName } from '../storage/temporary_name.js';

/** Says which version of which resource the bytes of a part are from. */
interface Origin {
  readonly url: string;
  /** A strong ETag or a Last-Modified date, for If-Range. */
  readonly validator: string;
}

const originPath = (path: string): string => `${path}.json`;

/**
 * The unfinished file of one download. While it is written it has a name of its own; between downloads it waits as
 * `<destination>.part`. Both changes are single renames, so of two processes only one takes over what is there, and
 * the other starts a part of its own: neither ever writes into the other's file.
 */
export class Part {
  private constructor(
    private readonly destination: string,
    /** Where the bytes are now. */
    readonly path: string,
    private origin: Origin | undefined,
  ) {}

  /**
   * Takes over what an earlier download of `url` to `destination` left, or starts empty: bytes that are known to be
   * of another URL are dropped. Throws system errors.
   */
  static async claim(destination: string, url: string): Promise<Part> {
    await makeDirectory(dirname(destination));
    const waiting = `${destination}.part`;
    const path = temporaryName(waiting);
    for (const candidate of [waiting, ...(await abandonedTemporaries(waiting))]) {
      if ((await isFile(candidate)) && (await renameIfThere(candidate, path))) {
        const note = originPath(candidate);
        if (await isFile(note)) await renameIfThere(note, originPath(path));
        break;
      }
    }
    for (const leftover of await abandonedTemporaries(waiting)) {
      await rm(leftover, { recursive: true, force: true });
      await rm(originPath(leftover), { recursive: true, force: true });
    }
    const part = new Part(destination, path, await readOrigin(originPath(path)));
    if (part.origin !== undefined && part.origin.url !== url) await part.restart(undefined);
    return part;
  }

  async size(): Promise<number> {
    return lstat(this.path).then(
      (status) => status.size,
      () => 0,
    );
  }

  /** What If-Range is sent with to resume; undefined where it is not known. */
  get validator(): string | undefined {
    return this.origin?.validator;
  }

  /** Starts again from nothing: whatever comes now has this origin. Throws a UserError where it cannot be written. */
  async restart(origin: Origin | undefined): Promise<void> {
    this.origin = origin;
    try {
      await writeFile(this.path, '');
      if (origin === undefined) await rm(originPath(this.path), { force: true });
      else await writeFile(originPath(this.path), JSON.stringify(origin));
    } catch (error) {
      throw fileError('write', this.path, error);
    }
  }

  /** Leaves the bytes for the next download of the same file. */
  async release(): Promise<void> {
    if ((await this.size()) === 0) return this.discard();
    const waiting = `${this.destination}.part`;
    // The origin goes first: a part without its own origin is only resumed less carefully, and its digest decides.
    const note = originPath(waiting);
    if (await isFile(note)) await rm(note, { force: true });
    await renameIfThere(this.path, waiting);
    // Where something that is not gnet's has the note's place, the part goes without.
    if (await isThere(note)) await rm(originPath(this.path), { force: true });
    else await renameIfThere(originPath(this.path), note);
  }

  async discard(): Promise<void> {
    await rm(originPath(this.path), { force: true });
    await rm(this.path, { force: true });
  }

  /** Makes the bytes durable and moves them to the destination, in place of any file there. */
  async complete(): Promise<void> {
    const handle = await open(this.path, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rm(originPath(this.path), { force: true });
    await rename(this.path, this.destination);
    await fsyncDirectory(dirname(this.destination));
  }
}

async function isFile(path: string): Promise<boolean> {
  return lstat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

/** A damaged or oversized note is as good as none. */
async function readOrigin(path: string): Promise<Origin | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value !== 'object' || value === null || !('url' in value) || !('validator' in value))
      return undefined;
    const { url, validator } = value;
    // The validator is sent as a header: only what a header may hold.
    if (typeof url !== 'string' || typeof validator !== 'string' || !/^[\x20-\x7e]{1,500}$/.test(validator))
      return undefined;
    return { url, validator };
  } catch {
    return undefined;
  }
}
