import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { buildName, buildsDirectory } from '../../src/backends/tensorflow_build.js';
import { describeEnvironment } from '../../src/pipeline/environment.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const describeHere = () =>
  describeEnvironment(
    { name: 'wasm', reason: 'as configured' },
    3,
    new Date(Date.UTC(2026, 0, 31, 12, 0, 5)),
  );

const start = process.cwd();
afterEach(() => {
  process.chdir(start);
  vi.unstubAllEnvs();
});

test('versions, hardware and how the run was started', async () => {
  const environment = await describeHere();
  expect(environment).toMatchObject({
    started_at: '2026-01-31T12:00:05.000Z',
    command: process.argv.slice(2),
    backend: 'wasm',
    backend_reason: 'as configured',
    threads: 3,
    versions: { '@tensorflow/tfjs': expect.stringMatching(/^4\./), node: process.version },
    platform: expect.stringContaining(process.arch),
  });
  expect(Object.keys(environment.versions)).toEqual(['gnet', 'node', '@tensorflow/tfjs', 'onnxruntime-node']);
  expect(environment.cpu.length).toBeGreaterThan(0);
  expect(environment.cpu_count).toBeGreaterThanOrEqual(1);
  expect(environment.memory_bytes).toBeGreaterThan(2 ** 26);
});

test('the git commit, marked where files have changes; null outside of a checkout', async () => {
  process.chdir(temporaryDirectory());
  vi.stubEnv('GIT_CEILING_DIRECTORIES', process.cwd());
  expect((await describeHere()).git_commit).toBeNull();
  const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
  git('init', '--quiet');
  writeFileSync('a.txt', 'one');
  git('add', 'a.txt');
  git('-c', 'user.name=t', '-c', 'user.email=t@example.org', 'commit', '--quiet', '-m', 'one');
  const commit = git('rev-parse', 'HEAD');
  writeFileSync('untracked.txt', 'no change');
  expect((await describeHere()).git_commit).toBe(commit);
  writeFileSync('a.txt', 'two');
  expect((await describeHere()).git_commit).toBe(`${commit}+`);
});

test('no git and no driver: null', async () => {
  vi.stubEnv('PATH', temporaryDirectory());
  expect(await describeHere()).toMatchObject({ git_commit: null, gpu: null });
});

test('the GPU as its driver names it', async () => {
  const bin = temporaryDirectory();
  writeFileSync(join(bin, 'nvidia-smi'), '#!/bin/sh\necho "NVIDIA T4, 550.54.15"\n');
  chmodSync(join(bin, 'nvidia-smi'), 0o755);
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
  expect((await describeHere()).gpu).toBe('NVIDIA T4, 550.54.15');
});

test('on TensorFlow, its version too', async () => {
  const cache = temporaryDirectory();
  vi.stubEnv('XDG_CACHE_HOME', cache);
  const directory = join(buildsDirectory(), buildName('tensorflow', '2.21.0'));
  mkdirSync(directory, { recursive: true });
  const manifest = { tensorflow: '2.21.0', created_at: '', files: {} };
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  const { versions } = await describeEnvironment(
    { name: 'tensorflow', reason: 'as configured' },
    1,
    new Date(),
  );
  expect(versions).toMatchObject({ tensorflow: '2.21.0' });
});
