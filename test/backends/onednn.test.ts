import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { removeBackend } from '../../src/backends/install/remove_backend.js';
import {
  ONEDNN_LIBRARY,
  onednnDirectory,
  onednnUnsupported,
  openLibrary,
  openOnednn,
} from '../../src/backends/onednn.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const unsupported = await onednnUnsupported();

/** Puts text where the library should be. */
function notALibrary(): string {
  const path = join(onednnDirectory(), ONEDNN_LIBRARY);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'no library');
  return path;
}

beforeEach(() => {
  vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory());
  return () => vi.unstubAllEnvs();
});

describe('a library that is not usable', () => {
  it.skipIf(unsupported)('one that is not there: the command that brings it', async () => {
    await expect(openOnednn()).rejects.toMatchObject({
      message: 'backend onednn cannot run here: it is not installed',
      diagnosis: { mend: 'gnet backend install onednn' },
    });
  });

  it('a file that is none: what the linker says', () => {
    expect(() => openLibrary(notALibrary())).toThrow(
      /^backend onednn cannot run here: .*libdnnl\.so\.3 cannot be loaded: .*file too short/,
    );
  });
});

it('what was brought is removed, and nothing where nothing is there', async () => {
  expect(await removeBackend('onednn')).toEqual({ backend: 'onednn', directories: [], bytes: 0 });
  notALibrary();
  expect(await removeBackend('onednn')).toMatchObject({ directories: [onednnDirectory()], bytes: 10 });
  expect(await removeBackend('onednn')).toMatchObject({ directories: [] });
});
