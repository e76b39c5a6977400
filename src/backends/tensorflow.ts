import { createRequire } from 'node:module';
import { guardBackend } from '../engines/eager/guard_backend.js';
import { registerKernels } from '../engines/eager/tensorflow_kernels.js';
import type { BackendName } from '../registry/backends.js';
import type { Tf } from '../registry/schema.js';
import { cudaGpuIsVisible } from './cuda_gpu.js';
import { firstLine, recognize } from './diagnose.js';
import { UnusableBackend } from './diagnosis.js';
import { NO_CUDA_GPU } from './signs.js';
import { examineSystem } from './system.js';
import { findBuilds, loadBuild, type TensorflowName } from './tensorflow_build.js';

const require = createRequire(import.meta.url);

const packages: Readonly<Record<TensorflowName, string>> = {
  tensorflow: '@tensorflow/tfjs-node',
  'tensorflow-gpu': '@tensorflow/tfjs-node-gpu',
};

/**
 * TensorFlow.js on TensorFlow's C library: the one that gnet built for this user, else the npm package's.
 * @param threads of one operation; 0 takes every core
 * @throws UnusableBackend where it cannot run here, saying why
 */
export async function loadTensorflow(name: TensorflowName, threads: number): Promise<Tf> {
  const tf = await loadLibrary(name, threads);
  await tf.setBackend('tensorflow');
  guardBackend(tf);
  registerKernels(tf);
  if (name === 'tensorflow-gpu') requireGpu(tf);
  return tf;
}

/** Whose library this process has. */
let loadedName: TensorflowName | undefined;

async function loadLibrary(name: TensorflowName, threads: number): Promise<Tf> {
  const loaded = require('@tensorflow/tfjs') as Tf;
  // It is loaded once in a process: two of TensorFlow's libraries would meet.
  if (loaded.findBackendFactory('tensorflow')) {
    if (loadedName === name) return loaded;
    throw new Error(`${name} needs a process of its own: this one has the library of ${loadedName}`);
  }
  loadedName = name;
  prepareProcess(threads);
  const [build] = findBuilds(name);
  try {
    // The packages are made for require(): they register the backend "tensorflow" as they load.
    return build ? loadBuild(build.directory) : (require(packages[name]) as Tf);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const mend = tensorflowInstallCommand(name);
    const diagnosis = recognize(message, { system: await examineSystem(), reinstall: mend }) ?? {
      cause: `${build?.directory ?? packages[name]} does not load: ${firstLine(message)}`,
      mend,
    };
    throw new UnusableBackend(name, diagnosis, error);
  }
}

function prepareProcess(threads: number): void {
  // tfjs-node 4.22 calls these two, of which Node.js 22 warns; Node.js 23 removed the first.
  Object.assign(require('node:util'), {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  // TensorFlow reads these once, as its library is loaded. A resumed run must end as one that was not interrupted.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '1';
  process.env.TF_DETERMINISTIC_OPS ??= '1';
  if (threads > 0) process.env.TF_NUM_INTRAOP_THREADS = String(threads);
}

/** @throws UnusableBackend where TensorFlow loads but computes on the CPU */
function requireGpu(tf: Tf): void {
  const { isUsingGpuDevice, binding } = tf.backend() as unknown as {
    isUsingGpuDevice: boolean;
    binding: { TF_Version: string };
  };
  if (isUsingGpuDevice) return;
  const name = 'tensorflow-gpu';
  const version = `TensorFlow ${binding.TF_Version}`;
  if (!cudaGpuIsVisible()) {
    throw new UnusableBackend(name, {
      cause: `${NO_CUDA_GPU}: there is no /dev/nvidia0 (${version} is loaded); a container is to be started with access to the GPU`,
      mend: null,
    });
  }
  throw new UnusableBackend(
    name,
    findBuilds(name).length > 0
      ? {
          cause: `${version} finds no GPU that it can use: it is for CUDA 12 and needs a driver that is new enough (TF_CPP_MIN_LOG_LEVEL=0 shows what it looks for)`,
          mend: null,
        }
      : {
          cause: `${version} of @tensorflow/tfjs-node-gpu finds no GPU that it can use: it needs CUDA 11.2 and cuDNN 8.1, and a GPU of their time`,
          mend: tensorflowInstallCommand(name),
        },
  );
}

/** The command that builds a TensorFlow, or checks every file of a build and mends it. */
export function tensorflowInstallCommand(name: TensorflowName): string {
  return `gnet backend install tensorflow${name === 'tensorflow-gpu' ? ' --gpu' : ''}`;
}

/** The TensorFlow that a backend loads: the version of the library that gnet built, else of the npm package. */
export function tensorflowVersion(name: TensorflowName): Record<string, string> {
  const [build] = findBuilds(name);
  if (build) return { tensorflow: build.manifest.tensorflow };
  const { version } = require(`${packages[name]}/package.json`) as { version: string };
  return { [packages[name]]: version };
}

/** Why a backend has nothing to load here, or null where it has. */
export function tensorflowObstacle(name: TensorflowName): string | null {
  if (findBuilds(name).length > 0) return null;
  try {
    require.resolve(packages[name]);
    return null;
  } catch {
    return `${packages[name]} is not installed`;
  }
}

/** Why tensorflow-gpu cannot be the automatic choice here, or null where it can. */
export function tensorflowGpuObstacle(): string | null {
  return cudaGpuIsVisible() ? tensorflowObstacle('tensorflow-gpu') : NO_CUDA_GPU;
}

/** The command that installs again what a backend loads; npm ci does it for gnet's own dependencies. */
export function reinstallCommand(name: BackendName): string {
  if (name === 'onednn') return 'gnet backend install onednn';
  return name === 'tensorflow' || name === 'tensorflow-gpu' ? tensorflowInstallCommand(name) : 'npm ci';
}
