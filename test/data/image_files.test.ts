import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { imageFiles } from '../../src/data/image_files.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

function makeFiles(...names: string[]): string {
  const directory = temporaryDirectory();
  for (const name of names) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), '');
  }
  return directory;
}

test('files stand as they are given, whatever their names; a directory for its images by name', async () => {
  const directory = makeFiles(
    'b.PNG',
    'a.jpg',
    'sub/c.webp',
    'sub/.d.png',
    '.hidden/e.png',
    'f.txt',
    'g.jpeg',
  );
  const { files, others } = await imageFiles(['z.dat', directory, 'nowhere.png', 'z.dat']);
  expect(others).toEqual([join(directory, 'f.txt')]);
  expect(files).toEqual(
    [
      'z.dat',
      ...['a.jpg', 'b.PNG', 'g.jpeg', 'sub/c.webp'].map((name) => join(directory, name)),
      'nowhere.png',
      'z.dat',
    ].map((file) => ({ file })),
  );
});

test('links to files count, broken ones too; links to directories are not followed', async () => {
  const directory = makeFiles('sub/a.png');
  symlinkSync('sub/a.png', join(directory, 'link.png'));
  symlinkSync('nowhere', join(directory, 'broken.png'));
  symlinkSync('.', join(directory, 'circle'));
  symlinkSync('sub', join(directory, 'directory.png'));
  const { files } = await imageFiles([directory]);
  expect(files.map(({ file }) => relative(directory, file))).toEqual(['broken.png', 'link.png', 'sub/a.png']);
});

test('a directory without images says so', async () => {
  const directory = makeFiles('notes.txt');
  const error = `${directory}: no PNG, JPEG, WebP, GIF, TIFF or AVIF file below this directory`;
  expect(await imageFiles([directory])).toEqual({
    files: [{ file: directory, error }],
    others: [join(directory, 'notes.txt')],
  });
});

test('in a directory the content decides, whatever a file is called; what is called an image is one', async () => {
  const directory = makeFiles('bitmap.bmp', 'notes', 'photo.jfif');
  writeFileSync(join(directory, 'animation'), 'GIF89a…');
  writeFileSync(join(directory, 'scan.dat'), 'II*\0…');
  const { files, others } = await imageFiles([directory]);
  const names = (paths: readonly string[]) => paths.map((path) => relative(directory, path));
  expect(names(files.map(({ file }) => file))).toEqual(['animation', 'bitmap.bmp', 'photo.jfif', 'scan.dat']);
  expect(names(others)).toEqual(['notes']);
});
