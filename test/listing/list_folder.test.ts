import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFolder } from '../../src/listing/list_folder.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

/** A folder of empty files: a listing looks at names alone. */
function folder(...files: string[]): string {
  const root = temporaryDirectory();
  for (const file of files) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return root;
}

function listing(root: string) {
  const listed = listFolder(root);
  if ('problems' in listed) throw new Error(JSON.stringify(listed.problems));
  return listed.listing;
}

function problems(root: string): string[] {
  const listed = listFolder(root);
  if (!('problems' in listed)) throw new Error('expected problems');
  return listed.problems.map(({ key, expected, actual }) => `${key}: expected ${expected}, got ${actual}`);
}

describe('a directory for each class', () => {
  it('has classes and images in natural order, at any depth; what is hidden or no image is left out', () => {
    const root = folder(
      ...['class10/b.jpg', 'class10/a.PNG', 'class2/10.webp', 'class2/9.gif', 'class2/deep/er/x.tiff'],
      ...['class2/.hidden.png', '.git/x.png', 'class2/notes.txt', 'class10/.cache/y.png', 'readme.md'],
    );
    const { classes, train, validation, test } = listing(root);
    expect(classes).toEqual(['class2', 'class10']);
    expect(train.paths).toEqual([
      ...['class2/9.gif', 'class2/10.webp', 'class2/deep/er/x.tiff', 'class10/a.PNG', 'class10/b.jpg'],
    ]);
    expect([...train.labels]).toEqual([0, 0, 0, 1, 1]);
    expect([validation, test]).toEqual([null, null]);
  });

  it('may call a class after a split', () => {
    expect(listing(folder('bus/a.png', 'train/a.png', 'car/a.png')).classes).toEqual(['bus', 'car', 'train']);
  });

  it('may have names of any kind', () => {
    const names = ['--help', "a 'b' [c]*", 'ä', '日本', '😀'];
    expect(listing(folder(...names.map((name) => `${name}/x[1].png`))).classes).toEqual(names);
  });

  it('follows links, around no circle', () => {
    const root = folder('cat/a.png', 'dog/b.png', 'elsewhere/c.png');
    symlinkSync('..', join(root, 'cat', 'up'));
    symlinkSync('.', join(root, 'dog', 'self'));
    symlinkSync('../elsewhere/c.png', join(root, 'dog', 'c.png'));
    symlinkSync('nowhere.png', join(root, 'dog', 'broken.png'));
    const { classes, train } = listing(root);
    expect(classes).toEqual(['cat', 'dog', 'elsewhere']);
    expect(train.paths.filter((path) => path.startsWith('dog/'))).toEqual([
      ...['dog/b.png', 'dog/broken.png', 'dog/c.png'],
    ]);
    expect(train.paths.filter((path) => path.startsWith('cat/'))).toEqual(['cat/a.png']);
  });
});

describe('directories of splits', () => {
  it.each([
    ['train', 'val', 'test'],
    ['Training', 'valid', 'TEST'],
    ['train', 'validation', 'test'],
  ])('%s, %s, %s', (...names) => {
    const { classes, train, validation, test } = listing(
      folder(...names.flatMap((name) => [`${name}/a/1.png`, `${name}/b/2.png`])),
    );
    expect(classes).toEqual(['a', 'b']);
    for (const [i, each] of [train, validation!, test!].entries()) {
      expect(each.paths).toEqual([`${names[i]}/a/1.png`, `${names[i]}/b/2.png`]);
      expect([...each.labels]).toEqual([0, 1]);
    }
  });

  it('may be training images alone', () => {
    const { train, test } = listing(folder('train/a/1.png', 'train/b/2.png'));
    expect([train.paths.length, test]).toEqual([2, null]);
  });

  it('have the same classes', () => {
    const root = folder('train/a/1.png', 'train/b/1.png', 'test/a/1.png', 'test/c/1.png');
    expect(problems(root)).toEqual([
      'root: expected the classes of "train" in each split, got "test" without "b", and "test" with "c" besides',
    ]);
  });
});

describe('what is wrong is told at once', () => {
  it('an empty class, files without a class', () => {
    const root = folder('a/1.png', 'b/notes.txt', 'stray.jpg');
    expect(problems(root)).toEqual([
      'root: expected each image in the directory of its class, got "stray.jpg" in none',
      'root: expected a PNG, JPEG, WebP, GIF, TIFF or AVIF file in each directory of a class, got none in "b"',
    ]);
  });

  it.each<[string, string[], RegExp[]]>([
    ['nothing', ['readme.txt'], [/a directory for each of 2 classes at least, got none$/]],
    ['one class', ['a/1.png'], [/a directory for each of 2 classes at least, got "a" alone$/]],
    [
      'two names of a split',
      ['train/a/1.png', 'train/b/1.png', 'val/a/1.png', 'val/b/1.png', 'valid/x'],
      [/one directory of validation images, got "val" and "valid"$/],
    ],
    [
      'a directory beside splits',
      ['train/a/1.png', 'train/b/1.png', 'test/a/1.png', 'test/b/1.png', 'other/x'],
      [/directories of splits alone.*got "other"$/],
    ],
    ['a name with control characters', ['a\n/1.png', 'b/1.png'], [/without control characters, got "a\\n"$/]],
  ])('%s', (_, files, expected) => {
    const found = problems(folder(...files));
    expect(found).toHaveLength(expected.length);
    for (const [i, message] of expected.entries()) expect(found[i]).toMatch(message);
  });

  it('a directory that is not there', () => {
    expect(problems('/nowhere')[0]).toMatch(/got \/nowhere: no such file or directory \(ENOENT\)$/);
  });
});
