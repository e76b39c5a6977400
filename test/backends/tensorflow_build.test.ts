import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  buildDirectories,
  buildName,
  buildsDirectory,
  findBuilds,
} from '../../src/backends/tensorflow_build.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

afterEach(() => vi.unstubAllEnvs());

it('builds are in the cache of the user', () => {
  vi.stubEnv('XDG_CACHE_HOME', '/elsewhere');
  expect(buildsDirectory()).toBe('/elsewhere/gnet/backends');
  // The XDG specification has relative paths ignored.
  for (const value of ['relative', '', undefined]) {
    vi.stubEnv('XDG_CACHE_HOME', value);
    expect(buildsDirectory()).toBe(join(homedir(), '.cache/gnet/backends'));
  }
});

it('the name of a build tells what it is for', () => {
  expect(buildName('tensorflow-gpu', '2.21.0')).toBe(
    `tensorflow-gpu-4.22.0-tf2.21.0-napi8-${process.platform}-${process.arch}`,
  );
});

describe('findBuilds', () => {
  beforeEach(() => vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory()));

  const add = (name: string, manifest: unknown) => {
    const directory = join(buildsDirectory(), name);
    mkdirSync(directory, { recursive: true });
    writeFileSync(
      join(directory, 'manifest.json'),
      typeof manifest === 'string' ? manifest : JSON.stringify(manifest),
    );
    return directory;
  };
  const manifest = (tensorflow: string, created_at: string) => ({ tensorflow, created_at, files: {} });

  it('finds none where there are none', () => {
    expect(findBuilds('tensorflow')).toEqual([]);
  });

  it('takes those of this backend, this tfjs-node and this machine, the newest first', () => {
    add(buildName('tensorflow', '2.9.0'), manifest('2.9.0', '2026-11-01T00:00:00.000Z'));
    add(buildName('tensorflow', '2.10.0'), manifest('2.10.0', '2026-12-01T00:00:00.000Z'));
    for (const other of [
      buildName('tensorflow-gpu', '2.21.0'),
      buildName('tensorflow', '2.21.0').replace('4.22.0', '4.23.0'),
      buildName('tensorflow', '2.21.0').replace(process.arch, 'mips'),
      '.install.host.1.01234567',
    ])
      add(other, manifest('2.21.0', '2027-01-01T00:00:00.000Z'));
    expect(findBuilds('tensorflow').map((build) => build.manifest.tensorflow)).toEqual(['2.10.0', '2.9.0']);
    expect(findBuilds('tensorflow-gpu').map((build) => build.manifest.tensorflow)).toEqual(['2.21.0']);
  });

  it.each([
    'no JSON',
    '[]',
    'null',
    { tensorflow: 2, created_at: '', files: {} },
    { tensorflow: '2.21.0', created_at: '' },
    { tensorflow: '2.21.0', created_at: '', files: { a: { bytes: 'many', sha256: '' } } },
    { tensorflow: '2.21.0', created_at: '', files: { a: null } },
  ])('a build whose manifest is %j is none, but can be removed', (text) => {
    const directory = add(buildName('tensorflow', '2.21.0'), text);
    expect(findBuilds('tensorflow')).toEqual([]);
    expect(buildDirectories('tensorflow')).toEqual([directory]);
  });
});
