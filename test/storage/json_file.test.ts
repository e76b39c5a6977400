import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOptionalJsonFile } from '../../src/storage/json_file.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

test('the document, or undefined where there is no file', async () => {
  const path = join(temporaryDirectory(), 'a.json');
  expect(await readOptionalJsonFile(path)).toBeUndefined();
  writeFileSync(path, '{"a": [1]}\n');
  expect(await readOptionalJsonFile(path)).toEqual({ a: [1] });
});

test('what is no JSON, too large or no file is named', async () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'a.json');
  writeFileSync(path, '{"a": ');
  await expect(readOptionalJsonFile(path)).rejects.toThrow(`${path}: expected JSON, got `);
  truncateSync(path, 17_000_000);
  await expect(readOptionalJsonFile(path)).rejects.toThrow(
    `${path}: expected at most 16777216 bytes, got 17000000`,
  );
  writeFileSync(path, `${'[{"a":'.repeat(10_000)}1${'}]'.repeat(10_000)}`);
  await expect(readOptionalJsonFile(path)).rejects.toThrow(
    `${path}: expected at most 500 levels of brackets`,
  );
  await expect(readOptionalJsonFile(directory)).rejects.toThrow(`${directory}: expected a regular file`);
});
