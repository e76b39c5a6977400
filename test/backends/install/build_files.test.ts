import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  damagedFiles,
  describeFiles,
  writeSharedModules,
} from '../../../src/backends/install/build_files.js';
import { SHARED_TENSORFLOW_JS } from '../../../src/backends/tensorflow_build.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

async function build() {
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'tensorflow'));
  writeFileSync(join(directory, 'tensorflow/library'), 'abc');
  writeFileSync(join(directory, 'index.js'), '');
  writeFileSync(join(directory, 'manifest.json'), '{}');
  const manifest = { tensorflow: '2.21.0', created_at: '', files: await describeFiles(directory) };
  return { directory, manifest };
}

it('describes every file but the manifest', async () => {
  expect((await build()).manifest.files).toEqual({
    'index.js': { bytes: 0, sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    'tensorflow/library': {
      bytes: 3,
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    },
  });
});

it('an unchanged build has no damage; a changed, a missing and a strange file are damage', async () => {
  const { directory, manifest } = await build();
  expect(await damagedFiles({ directory, manifest })).toEqual([]);
  appendFileSync(join(directory, 'tensorflow/library'), 'd');
  rmSync(join(directory, 'index.js'));
  writeFileSync(join(directory, 'stranger'), '');
  expect(await damagedFiles({ directory, manifest })).toEqual(['index.js', 'stranger', 'tensorflow/library']);
});

it('modules of a build that ask for TensorFlow.js get the one that is handed to them', async () => {
  const directory = temporaryDirectory();
  await writeSharedModules(directory);
  const mine = { version: 'mine' };
  const key = Symbol.for(SHARED_TENSORFLOW_JS);
  const before = Reflect.get(globalThis, key);
  Reflect.set(globalThis, key, mine);
  const require = createRequire(join(directory, 'node_modules/@tensorflow/tfjs-node/index.js'));
  expect(require('@tensorflow/tfjs')).toBe(mine);
  expect(require('@tensorflow/tfjs-core')).toBe(mine);
  Reflect.set(globalThis, key, before);
});
