import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Interrupted } from '../../src/errors.js';
import { sortImages } from '../../src/inference/sort_images.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const go = async () => false;

function files() {
  const directory = temporaryDirectory();
  const image = (name: string, answer: string) => {
    const file = join(directory, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, name);
    return { file, class: answer, predictions: [] };
  };
  return { directory, image };
}

test('names that would lead elsewhere, classes and files of one name', async () => {
  const { directory, image } = files();
  const images = [
    image('a/x.png', '../up'),
    image('b/x.png', '../up'),
    image('c/X.PNG', '../up'),
    image('y', 'a/b'),
    image('z', 'a:b'),
  ];
  await sortImages(join(directory, 'sorted'), images, false, go);
  const found = readdirSync(join(directory, 'sorted'), { recursive: true, encoding: 'utf8' }).toSorted();
  expect(found.filter((path) => path.includes('/'))).toEqual([
    '__up/X-3.PNG',
    '__up/x-2.png',
    '__up/x.png',
    'a_b-2/z',
    'a_b/y',
  ]);
  expect(readFileSync(join(directory, 'sorted/__up/x-2.png'), 'utf8')).toBe('b/x.png');
});

test('links; nothing is overwritten, and nothing is left of what was stopped', async () => {
  const { directory, image } = files();
  const into = join(directory, 'sorted');
  const images = [image('x.png', 'cat')];
  await expect(sortImages(into, images, true, async () => true)).rejects.toThrow(Interrupted);
  expect(readdirSync(directory)).toEqual(['x.png']);
  mkdirSync(into);
  await sortImages(into, images, true, go);
  expect(lstatSync(join(into, 'cat/x.png')).isSymbolicLink()).toBe(true);
  expect(readFileSync(join(into, 'cat/x.png'), 'utf8')).toBe('x.png');
  await expect(sortImages(into, images, true, go)).rejects.toThrow(
    `--into ${into}: expected a new or an empty directory, got one that holds "cat"`,
  );
  expect(existsSync(join(into, 'cat/x-2.png'))).toBe(false);
});
