import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** What the bytes of a file must hash to; hex in lower case. */
export interface Digest {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

/** Large reads: hashing then waits for few of them, and files hashed side by side read ahead of each other. */
const CHUNK_BYTES = 1 << 20;

/** The digest of a file, in lower-case hex. Throws system errors, and the signal's reason once it is aborted. */
export async function digestFile(
  path: string,
  algorithm: Digest['algorithm'],
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash(algorithm);
  const buffer = new Uint8Array(CHUNK_BYTES);
  const handle = await open(path, 'r');
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
