import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { placeBuild, withScratch } from '../../../src/backends/install/place.js';
import { buildName, buildsDirectory } from '../../../src/backends/tensorflow_build.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory());
  return () => vi.unstubAllEnvs();
});

function directoryWith(path: string, text: string): string {
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'file'), text);
  return path;
}

it('a build takes the place of a damaged one and of other versions, and of no other backend', async () => {
  const at = (name: string) => join(buildsDirectory(), name);
  directoryWith(at(buildName('tensorflow', '2.21.0')), 'damaged');
  directoryWith(at(buildName('tensorflow', '2.20.0')), 'older');
  directoryWith(at(buildName('tensorflow-gpu', '2.20.0')), 'of the GPU');
  await withScratch(async (scratch) => {
    const build = directoryWith(join(scratch, 'build'), 'new');
    const directory = await placeBuild('tensorflow', build, '2.21.0', scratch);
    expect(readFileSync(join(directory, 'file'), 'utf8')).toBe('new');
  });
  expect(readdirSync(buildsDirectory()).toSorted()).toEqual(
    [buildName('tensorflow', '2.21.0'), buildName('tensorflow-gpu', '2.20.0')].toSorted(),
  );
});

it('the scratch is gone after a failure, and so is that of a process that was killed', async () => {
  const host = hostname().replaceAll(/[^A-Za-z0-9-]/g, '-');
  // No process has this pid: it is beyond Linux's largest.
  const left = directoryWith(join(buildsDirectory(), `.install.${host}.4194305.0123abcd.tmp`), 'half');
  let scratch = '';
  const failing = withScratch(async (path) => {
    scratch = directoryWith(path, 'half');
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  expect([existsSync(scratch), existsSync(left)]).toEqual([false, false]);
});
