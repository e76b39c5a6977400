import type { FileHandle } from 'node:fs/promises';

/**
 * Fills `bytes` from `position` of a file: a single read may return less than it was asked for.
 * @param tooShort the error to throw where the file ends at a length before that
 */
export async function readExactly(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
  tooShort: (length: number) => Error,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, position + done);
    if (bytesRead === 0) throw tooShort(position + done);
    done += bytesRead;
  }
}
