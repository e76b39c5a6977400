import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { removeAbandoned, scratchPath } from '../../data/scratch.js';
import { systemErrorCode } from '../../errors.js';
import { fsyncDirectory } from '../../storage/atomic.js';
import { makeDirectory } from '../../storage/make_directory.js';
import {
  type BuildManifest,
  buildDirectories,
  buildName,
  buildsDirectory,
  type TensorflowName,
} from '../tensorflow_build.js';

/** Calls `use` with a new folder beside the builds, which is removed after it, or later if this process is killed. */
export async function withScratch<T>(use: (scratch: string) => Promise<T>): Promise<T> {
  const base = join(buildsDirectory(), '.install');
  await removeAbandoned(base);
  const scratch = scratchPath(base);
  try {
    await makeDirectory(scratch);
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Puts a build in place, in one rename, and takes away the backend's others. Throws system errors. */
export async function placeBuild(
  name: TensorflowName,
  build: string,
  tensorflow: string,
  scratch: string,
): Promise<string> {
  const directory = join(buildsDirectory(), buildName(name, tensorflow));
  // Only a damaged one can be in the same place.
  await takeAway([directory], scratch);
  await rename(build, directory);
  await fsyncDirectory(buildsDirectory());
  await takeAway(
    buildDirectories(name).filter((other) => other !== directory),
    scratch,
  );
  return directory;
}

/** Moves builds into the scratch: at no time is half of one where it was. Throws system errors. */
export async function takeAway(directories: readonly string[], scratch: string): Promise<void> {
  for (const directory of directories) {
    try {
      await rename(directory, join(scratch, `old-${basename(directory)}`));
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/** Bytes of a build's files. */
export function buildSize({ files }: BuildManifest): number {
  return Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
}
