import { fileError } from '../../storage/file_error.js';
import { buildDirectories, buildsDirectory, findBuilds, type TensorflowName } from '../tensorflow_build.js';
import { buildSize, takeAway, withScratch } from './place.js';

/** What `gnet backend remove` took away. */
export interface RemoveResult {
  readonly backend: TensorflowName;
  readonly directories: readonly string[];
  /** Of complete builds. */
  readonly bytes: number;
}

/** Removes what gnet built of a backend for this user, complete or not. @throws UserError */
export async function removeBackend(backend: TensorflowName): Promise<RemoveResult> {
  const directories = buildDirectories(backend);
  const bytes = findBuilds(backend).reduce((sum, { manifest }) => sum + buildSize(manifest), 0);
  try {
    if (directories.length > 0) await withScratch((scratch) => takeAway(directories, scratch));
  } catch (error) {
    throw fileError('remove', buildsDirectory(), error);
  }
  return { backend, directories, bytes };
}
