import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { initConfig } from '../../src/authoring/init.js';
import { loadPlan } from '../../src/config/load_plan.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const NONE = { file: undefined, root: undefined, init: undefined };
const init = (place: string) => initConfig({ ...NONE, place, dataset: 'shapes', model: 'small' });

test.each([
  ['first.yaml', 'first'],
  ['My config (2).yml', 'My-config--2-'],
  ['..-_a.yaml', 'a'],
  ['日本.yaml', 'experiment'],
  [`${'x'.repeat(150)}.yaml`, 'x'.repeat(100)],
])('%s: a valid config with the name %s', async (name, experiment) => {
  const file = join(temporaryDirectory(), name);
  const { parameters } = await init(file);
  expect(parse(readFileSync(file, 'utf8'))).toMatchObject({ name: experiment });
  expect((await loadPlan(file)).plan.parameterCount).toBe(parameters);
});

test('overwrites nothing', async () => {
  const directory = temporaryDirectory();
  const file = join(directory, 'a.yaml');
  writeFileSync(file, 'precious');
  mkdirSync(join(directory, 'b.yaml'));
  for (const path of [file, join(directory, 'b.yaml')]) {
    await expect(init(path)).rejects.toMatchObject({
      message: `${path}: expected a new file, got one that exists; nothing was changed`,
      hint: 'Name another file, or remove this one.',
      exitCode: 2,
    });
  }
  expect(readFileSync(file, 'utf8')).toBe('precious');
});

test.each([
  ['a', 'expected the name of a file that ends in .yaml'],
  ['runs/', 'expected the name of a file that ends in .yaml'],
  ['missing/a.yaml', 'no such file or directory (ENOENT)'],
])('%s: a message, and no file', async (name, message) => {
  const directory = temporaryDirectory();
  await expect(init(`${directory}/${name}`)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining(message),
    hint: expect.any(String),
  });
  expect(readdirSync(directory)).toEqual([]);
});

test('a folder is named where the images are your own, and nowhere else', async () => {
  const file = join(temporaryDirectory(), 'x.yaml');
  const own = initConfig({ ...NONE, place: file, dataset: 'image_folder', model: 'small' });
  await expect(own).rejects.toThrow(
    '--dataset image_folder: expected --root with the directory of the images, or the file that lists them',
  );
  const shapes = initConfig({ ...NONE, place: file, dataset: 'shapes', model: 'small', root: 'photos' });
  await expect(shapes).rejects.toThrow('--dataset shapes: expected no --root, as shapes needs none');
});
