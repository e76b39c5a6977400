import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readJsonFile } from '../../src/storage/json_file.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('the document, or undefined where there is no file', async () => {
  const path = join(temporaryDirectory(), 'a.json');
  expect(await readJsonFile(path)).toBeUndefined();
  writeFileSync(path, '{"a": [1]}\n');
  expect(await readJsonFile(path)).toEqual({ a: [1] });
});

test('what is no JSON, too large or no file is named', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'a.json');
  writeFileSync(path, '{"a": ');
  await expect(readJsonFile(path)).rejects.toThrow(`${path}: expected JSON, got `);
  truncateSync(path, 17_000_000);
  await expect(readJsonFile(path)).rejects.toThrow(`${path}: expected at most 16777216 bytes, got 17000000`);
  await expect(readJsonFile(directory)).rejects.toThrow(`${directory}: expected a regular file`);
});
