import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Library, loadLibrary } from '../engines/onednn/library.js';
import { firstLine } from './diagnose.js';
import { type Diagnosis, UnusableBackend } from './diagnosis.js';
import { cpuModel } from './hardware.js';
import { vectorInstructions } from './system.js';
import { buildsDirectory } from './tensorflow_build.js';

/** The version of the library that gnet is tested with; another one is not loaded. */
export const ONEDNN_VERSION = '3.2.0';
/** Its file in a build. */
export const ONEDNN_LIBRARY = 'libdnnl.so.3';
export const ONEDNN_INSTALL = 'gnet backend install onednn';

/** Where this user's oneDNN is, or would be. */
export function onednnDirectory(): string {
  return join(buildsDirectory(), `onednn-${ONEDNN_VERSION}-linux-x64`);
}

/** What of this machine stands in the way of oneDNN, and no command mends; null where nothing does. */
export async function onednnUnsupported(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `it is for Linux on x64, and this is ${process.platform} on ${process.arch}`;
  const simd = await vectorInstructions();
  return simd.includes('avx2') ? null : `the processor (${cpuModel()}) has no AVX2`;
}

/** oneDNN as `gnet backend install onednn` brought it. @throws UnusableBackend where it cannot run here, saying why */
export async function openOnednn(): Promise<Library> {
  const unsupported = await onednnUnsupported();
  if (unsupported !== null) throw unusable({ cause: unsupported, mend: null });
  const path = join(onednnDirectory(), ONEDNN_LIBRARY);
  if (!existsSync(path)) throw unusable({ cause: 'it is not installed', mend: ONEDNN_INSTALL });
  return openLibrary(path);
}

/** The library of a file. @throws UnusableBackend where it cannot be loaded or is of another version */
export function openLibrary(path: string): Library {
  let library: Library;
  try {
    library = loadLibrary(path);
  } catch (error) {
    throw unusable(loadingFailure(path, error as Error), error);
  }
  if (library.version === ONEDNN_VERSION) return library;
  const cause = `${path} is oneDNN ${library.version}, expected ${ONEDNN_VERSION}`;
  throw unusable({ cause, mend: ONEDNN_INSTALL });
}

function loadingFailure(path: string, { message }: Error): Diagnosis {
  if (message.includes('libgomp.so.1'))
    return {
      cause: "libgomp.so.1, GNU's OpenMP, is missing",
      mend: 'sudo apt-get install libgomp1 (Debian, Ubuntu), sudo dnf install libgomp (Fedora, RHEL)',
    };
  return { cause: `${path} cannot be loaded: ${firstLine(message)}`, mend: ONEDNN_INSTALL };
}

const unusable = (diagnosis: Diagnosis, cause?: unknown) => new UnusableBackend('onednn', diagnosis, cause);
