import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../storage/file_error.js';
import { ONEDNN_LIBRARY, onednnDirectory } from '../onednn.js';
import { buildDirectories, buildsDirectory, findBuilds, type TensorflowName } from '../tensorflow_build.js';
import { buildSize, takeAway, withScratch } from './place.js';

/** What `gnet backend remove` took away. */
export interface RemoveResult {
  readonly backend: TensorflowName | 'onednn';
  readonly directories: readonly string[];
  /** Of complete builds. */
  readonly bytes: number;
}

/** Removes what gnet brought of a backend for this user, complete or not. @throws UserError */
export async function removeBackend(backend: RemoveResult['backend']): Promise<RemoveResult> {
  const { directories, bytes } = backend === 'onednn' ? await present() : builds(backend);
  try {
    if (directories.length > 0) await withScratch((scratch) => takeAway(directories, scratch));
  } catch (error) {
    throw fileError('remove', buildsDirectory(), error);
  }
  return { backend, directories, bytes };
}

function builds(backend: TensorflowName): Omit<RemoveResult, 'backend'> {
  const bytes = findBuilds(backend).reduce((sum, { manifest }) => sum + buildSize(manifest), 0);
  return { directories: buildDirectories(backend), bytes };
}

async function present(): Promise<Omit<RemoveResult, 'backend'>> {
  const directory = onednnDirectory();
  if (!existsSync(directory)) return { directories: [], bytes: 0 };
  const library = await stat(join(directory, ONEDNN_LIBRARY)).catch(() => null);
  return { directories: [directory], bytes: library?.size ?? 0 };
}
