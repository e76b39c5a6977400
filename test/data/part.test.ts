import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Part } from '../../src/data/part.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const url = 'http://127.0.0.1/a';

describe('Part', () => {
  it('is released and claimed again with its origin, by one of two', async () => {
    const destination = join(temporaryDirectory(), 'sub', 'a');
    const part = await Part.claim(destination, url);
    await part.restart({ url, validator: '"1"' });
    await writeFile(part.path, 'bytes');
    await part.release();
    expect(await readFile(`${destination}.part`, 'utf8')).toBe('bytes');
    const both = await Promise.all([Part.claim(destination, url), Part.claim(destination, url)]);
    const sizes = await Promise.all(both.map((claimed) => claimed.size()));
    expect(sizes.sort()).toEqual([0, 5]);
    expect(both.map((claimed) => claimed.validator)).toContain('"1"');
  });

  it('is empty for another URL', async () => {
    const destination = join(temporaryDirectory(), 'a');
    await writeFile(`${destination}.part`, 'bytes');
    await writeFile(`${destination}.part.json`, JSON.stringify({ url: 'http://other/', validator: '"1"' }));
    const part = await Part.claim(destination, url);
    expect([await part.size(), part.validator]).toEqual([0, undefined]);
  });

  it.each(['{', 'null', '{"url":1,"validator":"x"}', `{"url":"${url}","validator":"a\\r\\nb"}`])(
    'ignores the note %s',
    async (note) => {
      const destination = join(temporaryDirectory(), 'a');
      await writeFile(`${destination}.part`, 'bytes');
      await writeFile(`${destination}.part.json`, note);
      const part = await Part.claim(destination, url);
      expect([await part.size(), part.validator]).toEqual([5, undefined]);
    },
  );

  it('leaves alone a directory in place of the note', async () => {
    const destination = join(temporaryDirectory(), 'a');
    await writeFile(`${destination}.part`, 'bytes');
    await mkdir(join(`${destination}.part.json`, 'sub'), { recursive: true });
    const part = await Part.claim(destination, url);
    expect([await part.size(), part.validator]).toEqual([5, undefined]);
    await part.restart(undefined);
    await part.restart({ url, validator: '"1"' });
    await writeFile(part.path, 'more');
    await part.release();
    const again = await Part.claim(destination, url);
    expect([await again.size(), again.validator]).toEqual([4, undefined]);
    await again.complete();
    expect((await readdir(dirname(destination))).sort()).toEqual(['a', 'a.part.json']);
  });

  it('does not follow a link', async () => {
    const directory = temporaryDirectory();
    await writeFile(join(directory, 'precious'), 'bytes');
    await symlink('precious', join(directory, 'a.part'));
    const part = await Part.claim(join(directory, 'a'), url);
    await part.restart(undefined);
    expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('bytes');
  });

  it('complete() and discard() leave nothing beside the destination', async () => {
    const directory = temporaryDirectory();
    const part = await Part.claim(join(directory, 'a'), url);
    await part.restart({ url, validator: '"1"' });
    await writeFile(part.path, 'bytes');
    await part.complete();
    expect(await readdir(directory)).toEqual(['a']);
    const other = await Part.claim(join(directory, 'b'), url);
    await other.restart({ url, validator: '"1"' });
    await other.discard();
    expect(await readdir(directory)).toEqual(['a']);
  });
});
