import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { AppendFile } from '../../src/logging/append_file.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

function openFile(path: string, options?: { truncateTo?: number }): AppendFile {
  const file = AppendFile.open(path, options);
  onTestFinished(() => file.close());
  return file;
}

test('appends at once, and tells the length in bytes', () => {
  const path = join(temporaryDirectory(), 'log');
  const file = openFile(path);
  file.append('é\n');
  expect(readFileSync(path, 'utf8')).toBe('é\n');
  file.append(Uint8Array.of(0x41));
  expect(file.length()).toBe(4);
  expect(readFileSync(path, 'utf8')).toBe('é\nA');
});

test.each<[string, number | undefined, string]>([
  ['goes on at the end', undefined, 'one two new'],
  ['cuts', 4, 'one new'],
  ['cuts everything', 0, 'new'],
  ['cuts nothing', 8, 'one two new'],
])('an existing file: %s', (_, truncateTo, expected) => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one two ');
  openFile(path, truncateTo === undefined ? {} : { truncateTo }).append('new');
  expect(readFileSync(path, 'utf8')).toBe(expected);
});

test('a file shorter than the checkpoint says is left alone', () => {
  const path = join(temporaryDirectory(), 'log');
  writeFileSync(path, 'one');
  const open = () => AppendFile.open(path, { truncateTo: 4 });
  expect(open).toThrow(UserError);
  expect(open).toThrow(`${path}: expected at least the 4 bytes that the checkpoint recorded, got 3 bytes`);
  expect(readFileSync(path, 'utf8')).toBe('one');
});

test('a missing file is not made where a checkpoint expects one', () => {
  const path = join(temporaryDirectory(), 'log');
  expect(() => AppendFile.open(path, { truncateTo: 4 })).toThrow('the checkpoint recorded, got no such file');
  expect(existsSync(path)).toBe(false);
});

test('names a place that cannot be written', () => {
  const directory = temporaryDirectory();
  const below = join(directory, 'missing', 'log');
  expect(() => AppendFile.open(below)).toThrow(`cannot write ${below}: no such file or directory`);
  expect(() => AppendFile.open(directory)).toThrow(`cannot write ${directory}: a directory is in its place`);
});

test.runIf(existsSync('/dev/full'))('a full disk is a UserError', () => {
  const file = openFile('/dev/full');
  expect(() => file.append('x')).toThrow(UserError);
  expect(() => file.append('x')).toThrow('cannot write /dev/full: the disk is full (ENOSPC)');
});
