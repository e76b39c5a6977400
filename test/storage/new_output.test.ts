import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeNewOutput } from '../../src/storage/new_output.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const FILES = /^part\d$/;
const file = (path: string, force = false) => ({ path, files: null, mark: 'made here', force });
const directory = (path: string, force = false) => ({ path, files: FILES, mark: 'made here', force });
const writeText = (text: string) => (path: string) => writeFile(path, text);
const writePart = (text: string) => (path: string) => writeFile(join(path, 'part1'), text);

describe('a file', () => {
  test('appears with its directories, and what build returned is passed on', async () => {
    const path = join(temporaryDirectory(), 'a/b/new');
    const result = await writeNewOutput(file(path), async (temporary) => {
      await writeFile(temporary, 'text');
      expect(readdirSync(join(path, '..'))).not.toContain('new');
      return 42;
    });
    expect(result).toBe(42);
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(readdirSync(join(path, '..'))).toEqual(['new']);
  });

  test('is not replaced unless that is wanted', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'old, made here');
    await expect(writeNewOutput(file(path), writeText('new'))).rejects.toMatchObject({
      message: `${path}: exists already`,
      exitCode: 2,
    });
    expect(readFileSync(path, 'utf8')).toBe('old, made here');
    await writeNewOutput(file(path, true), writeText('new'));
    expect(readFileSync(path, 'utf8')).toBe('new');
  });

  test('that is something else is never replaced', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'precious');
    await expect(writeNewOutput(file(path, true), writeText('new'))).rejects.toMatchObject({
      message: `${path}: expected a new file or an earlier export, found another file`,
      exitCode: 2,
    });
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('a link that leads nowhere is taken, too', async () => {
    const path = join(temporaryDirectory(), 'link');
    symlinkSync('nowhere', path);
    await expect(writeNewOutput(file(path), writeText('new'))).rejects.toThrow('exists already');
    await expect(writeNewOutput(file(path, true), writeText('new'))).rejects.toThrow('found another file');
  });

  test('is not replaced where it appears while the new one is made', async () => {
    const path = join(temporaryDirectory(), 'file');
    const writes = writeNewOutput(file(path), async (temporary) => {
      await writeFile(temporary, 'new');
      await writeFile(path, 'precious');
    });
    await expect(writes).rejects.toThrow(`${path}: exists already`);
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(readdirSync(join(path, '..'))).toEqual(['file']);
  });
});

describe('a directory', () => {
  test('appears with its files, also where there is an empty one', async () => {
    const path = join(temporaryDirectory(), 'new');
    await writeNewOutput(directory(path), writePart('1'));
    expect(readFileSync(join(path, 'part1'), 'utf8')).toBe('1');
    const empty = join(temporaryDirectory(), 'empty');
    mkdirSync(empty);
    await writeNewOutput(directory(empty), writePart('2'));
    expect(readFileSync(join(empty, 'part1'), 'utf8')).toBe('2');
    expect(readdirSync(join(empty, '..'))).toEqual(['empty']);
  });

  test('replaces one of such files where that is wanted, and leaves none of them', async () => {
    const path = join(temporaryDirectory(), 'old');
    mkdirSync(path);
    writeFileSync(join(path, 'part0'), 'old');
    writeFileSync(join(path, 'part2'), 'old, made here');
    await expect(writeNewOutput(directory(path), writePart('new'))).rejects.toThrow(
      `${path}: exists already`,
    );
    await writeNewOutput(directory(path, true), writePart('new'));
    expect(readdirSync(path)).toEqual(['part1']);
    expect(readdirSync(join(path, '..'))).toEqual(['old']);
  });

  test('never replaces one whose files have the names alone', async () => {
    const path = join(temporaryDirectory(), 'others');
    mkdirSync(path);
    writeFileSync(join(path, 'part1'), 'precious');
    await expect(writeNewOutput(directory(path, true), writePart('new'))).rejects.toMatchObject({
      message: `${path}: expected a new directory or an earlier export, found another directory`,
      exitCode: 2,
    });
    expect(readFileSync(join(path, 'part1'), 'utf8')).toBe('precious');
  });

  test('never replaces one that holds anything else', async () => {
    const path = join(temporaryDirectory(), 'home');
    mkdirSync(path);
    writeFileSync(join(path, 'part1'), '');
    writeFileSync(join(path, 'thesis.tex'), 'precious');
    await expect(writeNewOutput(directory(path, true), writePart('new'))).rejects.toMatchObject({
      message: `${path}: expected a new directory or an earlier export, found one with "thesis.tex" in it`,
      exitCode: 2,
    });
    expect(readFileSync(join(path, 'thesis.tex'), 'utf8')).toBe('precious');
  });
});

test.each([
  ['file', 'directory', true],
  ['directory', 'file', false],
])('a %s does not take the place of a %s', async (expected, found, isDirectory) => {
  const path = join(temporaryDirectory(), 'there');
  if (isDirectory) mkdirSync(path);
  else writeFileSync(path, '');
  const output = expected === 'file' ? file(path, true) : directory(path, true);
  await expect(writeNewOutput(output, writeText(''))).rejects.toThrow(
    `${path}: expected a new ${expected}, found a ${found}`,
  );
});

test.each([
  ['file', file, 'old, made here'],
  ['directory', directory, undefined],
])('where building a %s fails, nothing is left of it', async (_, output, old) => {
  const place = temporaryDirectory();
  const path = join(place, 'there');
  if (old !== undefined) writeFileSync(path, old);
  const fails = writeNewOutput(output(path, true), async (temporary) => {
    await writeFile(output === file ? temporary : join(temporary, 'part1'), 'half');
    throw new Error('no more');
  });
  await expect(fails).rejects.toThrow('no more');
  expect(readdirSync(place)).toEqual(old === undefined ? [] : ['there']);
  if (old !== undefined) expect(readFileSync(path, 'utf8')).toBe(old);
});

test('a place that cannot be written', async () => {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, '');
  await expect(writeNewOutput(file(join(path, 'below')), writeText(''))).rejects.toThrow(
    /^cannot (read|write) .*below: a part of the path is a file/,
  );
});
