import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Interrupted, UserError } from '../../errors.js';
import { fsyncDirectory } from '../../storage/atomic.js';
import { digestFile } from '../../storage/digest.js';
import { fileError } from '../../storage/file_error.js';
import { makeDirectory } from '../../storage/make_directory.js';
import { InterruptHandler } from '../../terminal/interrupt.js';
import { runStages } from '../../terminal/screen.js';
import {
  ONEDNN_LIBRARY,
  ONEDNN_VERSION,
  onednnDirectory,
  onednnUnsupported,
  openLibrary,
} from '../onednn.js';
import { buildsDirectory } from '../tensorflow_build.js';
import { ONEDNN_LIBRARY_SHA256, ONEDNN_WHEEL } from './pinned_wheels.js';
import { downloadWheels } from './pip.js';
import { takeAway, withScratch } from './place.js';
import { findTools } from './tools.js';
import { withWheel } from './wheel.js';

export interface OnednnResult {
  readonly backend: 'onednn';
  readonly directory: string;
  readonly version: string;
  /** False where it was there, unchanged. */
  readonly installed: boolean;
}

/**
 * Brings oneDNN into the cache of this user: the library of a pinned wheel, which is put in place by one rename once it has
 * been loaded. One that is there, unchanged, is left as it is.
 * @throws UserError, Interrupted
 */
export async function installOnednn(): Promise<OnednnResult> {
  const unsupported = await onednnUnsupported();
  if (unsupported !== null) throw new UserError(`backend onednn cannot run here: ${unsupported}`);
  const directory = onednnDirectory();
  const result = { backend: 'onednn', directory, version: ONEDNN_VERSION } as const;
  const interrupt = new InterruptHandler();
  try {
    if (await isIntact(join(directory, ONEDNN_LIBRARY), interrupt.signal))
      return { ...result, installed: false };
    await withScratch((scratch) => runStages(stages(scratch, directory, interrupt.signal), {}));
    return { ...result, installed: true };
  } catch (error) {
    if (interrupt.requested) throw new Interrupted('interrupted; nothing was installed');
    throw fileError('write', buildsDirectory(), error);
  } finally {
    interrupt.dispose();
  }
}

async function isIntact(path: string, signal: AbortSignal): Promise<boolean> {
  return existsSync(path) && (await digestFile(path, 'sha256', signal)) === ONEDNN_LIBRARY_SHA256;
}

function stages(scratch: string, directory: string, signal: AbortSignal) {
  const build = join(scratch, 'onednn');
  return [
    {
      title: 'oneDNN',
      run: async () => {
        const { python } = await findTools(['python'], 'fetching oneDNN');
        const [wheel = ''] = await downloadWheels([ONEDNN_WHEEL], python!, join(scratch, 'downloads'), {
          signal,
        });
        await unpack(wheel, build, signal);
        return `${ONEDNN_WHEEL.name} ${ONEDNN_WHEEL.version}`;
      },
    },
    {
      title: 'Check',
      run: async () => `oneDNN ${openLibrary(join(build, ONEDNN_LIBRARY)).version} loads`,
    },
    {
      title: 'Install',
      run: async () => {
        await takeAway([directory], scratch);
        await rename(build, directory);
        await fsyncDirectory(buildsDirectory());
        return directory;
      },
    },
  ];
}

/** Puts the library of a wheel into `build`. @throws UserError where the wheel has none */
async function unpack(path: string, build: string, signal: AbortSignal): Promise<void> {
  const unpacked = `${build}-wheel`;
  await withWheel(path, async (wheel) => {
    const file = wheel.files.find((name) => name.endsWith(`/lib/${ONEDNN_LIBRARY}`));
    if (file === undefined) throw new UserError(`${path}: expected ${ONEDNN_LIBRARY} in it, found none`);
    await wheel.extract((name) => name === file, unpacked, signal);
    await makeDirectory(build);
    await rename(join(unpacked, file), join(build, ONEDNN_LIBRARY));
    await rm(unpacked, { recursive: true });
    await fsyncDirectory(build);
    await fsyncDirectory(dirname(build));
  });
}
