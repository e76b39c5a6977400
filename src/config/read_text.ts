import { type FileHandle, open } from 'node:fs/promises';
import { systemErrorCode } from '../errors.js';

/** A hundred times what a large network needs, and little enough that the worst text parses in about a second. */
export const MAX_BYTES = 256 * 1024;

/** The text of a file, or what was expected of it and found instead; `before` is the text up to that place. */
export type ReadText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly expected: string; readonly actual: string; readonly before: string };

const refused = (expected: string, actual: string, before = ''): ReadText => ({
  ok: false,
  expected,
  actual,
  before,
});

/** Reads a config file of any kind (a pipe too), never more than `MAX_BYTES` of it. A byte order mark is dropped. */
export async function readText(file: string): Promise<ReadText> {
  let bytes: Buffer;
  try {
    bytes = await readBounded(file);
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'ENOENT':
      case 'ENOTDIR':
        return refused('a config file', 'no such file');
      case 'EISDIR':
        return refused('a config file', 'a directory');
      case 'EACCES':
        return refused('a config file', 'a file that this user may not read');
      case undefined:
        throw error;
      default:
        return refused('a config file', `an unreadable one (${systemErrorCode(error)})`);
    }
  }
  if (bytes.length > MAX_BYTES) return refused(`at most ${MAX_BYTES / 1024} KiB`, 'a larger file');
  return decodeConfig(bytes);
}

/** The bytes as UTF-8 without control characters. */
export function decodeConfig(bytes: Uint8Array): ReadText {
  const text = new TextDecoder('utf-8').decode(bytes);
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refused('UTF-8 text', 'bytes that are none', text.slice(0, text.indexOf('\ufffd')));
  }
  const control = /[^\P{Cc}\t\n\r\u0085]/u.exec(text);
  if (!control) return { ok: true, text };
  const code = control[0].charCodeAt(0).toString(16).padStart(4, '0');
  return refused('printable text', `the control character U+${code}`, text.slice(0, control.index));
}

async function readBounded(file: string): Promise<Buffer> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await handle?.close();
  }
}
