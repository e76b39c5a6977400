import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { writeFileAtomic } from './atomic.js';
import { fileError } from './file_error.js';
import { damagedFile } from './json_file.js';

/** A longer line is none of ours, and reading it would only exhaust memory. */
const MAX_LINE_BYTES = 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes a file of one JSON value a line, in place of any there. */
export async function writeJsonLines(path: string, values: readonly object[]): Promise<void> {
  await writeFileAtomic(path, values.map((value) => `${JSON.stringify(value)}\n`).join(''));
}

/** How a file of JSON lines ended. */
export interface JsonLinesEnd {
  /** Whole lines. */
  readonly lines: number;
  /** Length of the file as it was read, in bytes. */
  readonly bytes: number;
  /** Whether text without an end of line follows the last one: what a killed writer leaves behind. It is not read. */
  readonly cutShort: boolean;
}

/**
 * Reads a file of one JSON value a line as a stream, however long it is.
 * @param take gets each value, and returns what is wrong with it, if anything
 * @throws UserError that names the file, and the line at fault
 */
export async function readJsonLines(
  path: string,
  take: (value: unknown) => string | undefined,
): Promise<JsonLinesEnd> {
  let lines = 0;
  let bytes = 0;
  let pending: Buffer = Buffer.alloc(0);
  const read = (line: Buffer) => {
    lines++;
    const problem = takeLine(line, take);
    if (problem !== undefined) throw damagedFile(`${path}:${lines}`, problem);
  };
  try {
    // Opening a pipe would wait for its writer.
    if (!(await stat(path)).isFile()) throw damagedFile(path, 'expected a regular file');
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      const text = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let start = 0;
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE, start)) {
        read(text.subarray(start, end));
        start = end + 1;
      }
      pending = text.subarray(start);
      if (pending.length > MAX_LINE_BYTES) {
        throw damagedFile(`${path}:${lines + 1}`, `expected at most ${MAX_LINE_BYTES} bytes a line`);
      }
    }
  } catch (error) {
    throw fileError('read', path, error);
  }
  return { lines, bytes, cutShort: pending.length > 0 };
}

function takeLine(line: Buffer, take: (value: unknown) => string | undefined): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line.toString('utf8'));
  } catch (error) {
    return `expected JSON, got ${(error as SyntaxError).message}`;
  }
  return take(value);
}
