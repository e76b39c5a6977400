import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { readJsonLines } from '../../src/storage/json_lines.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

async function read(content: string | Uint8Array) {
  const path = join(temporaryDirectory(), 'a.jsonl');
  writeFileSync(path, content);
  const values: unknown[] = [];
  const end = await readJsonLines(path, (value) => {
    values.push(value);
    return value === 'bad' ? 'expected something better' : undefined;
  });
  return { values, ...end };
}

test('one value a line, also where a line spans the pieces in which a file is read', async () => {
  const long = 'ü'.repeat(100_000);
  const text = `{"a":1}\n${JSON.stringify(long)}\r\nnull\n`;
  expect(await read(text)).toEqual({
    values: [{ a: 1 }, long, null],
    lines: 3,
    bytes: Buffer.byteLength(text),
    cutShort: false,
  });
});

test('a last line without its end is not read', async () => {
  expect(await read('1\n2')).toMatchObject({ values: [1], lines: 1, bytes: 3, cutShort: true });
  expect(await read('')).toMatchObject({ values: [], lines: 0, cutShort: false });
});

test.each([
  ['1\n{"a":\n3\n', /a\.jsonl:2: expected JSON, got /],
  ['1\n\n3\n', /a\.jsonl:2: expected JSON, got /],
  ['1\n2\n"bad"\n', /a\.jsonl:3: expected something better$/],
  [`1\n"${'x'.repeat(1_100_000)}`, /a\.jsonl:2: expected at most 1048576 bytes a line$/],
])('the line at fault is named', async (content, message) => {
  const error = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(message);
  expect((error as UserError).hint).toMatch(/put the original back/);
});

test('a pipe, a directory and nothing at all are refused', async () => {
  const directory = temporaryDirectory();
  const pipe = join(directory, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const none = () => undefined;
  await expect(readJsonLines(pipe, none)).rejects.toThrow(`${pipe}: expected a regular file`);
  await expect(readJsonLines(directory, none)).rejects.toThrow(`${directory}: expected a regular file`);
  await expect(readJsonLines(join(directory, 'no'), none)).rejects.toThrow('no such file or directory');
});
