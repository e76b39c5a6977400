import { open } from 'node:fs/promises';
import { systemErrorCode, UserError } from '../errors.js';
import { fileError } from '../storage/file_error.js';

/** Where a page of gnet says what it is. */
const HEAD_BYTES = 1024;

/**
 * A mistyped name must not cost the user a file: only a page that `generator` made is replaced.
 * @param flag names the file in the message
 * @throws UserError where another file has that name
 */
export async function requireReplaceable(flag: string, path: string, generator: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const head = buffer.toString('utf8', 0, bytesRead);
      if (bytesRead === 0 || head.includes(`<meta name="generator" content="${generator}">`)) return;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw fileError('write', path, error);
  }
  throw new UserError(
    `${flag} ${path}: expected a new file or an earlier page of ${generator}, got another file`,
    {
      hint: 'Name another file, or move that one away.',
      exitCode: 2,
    },
  );
}
