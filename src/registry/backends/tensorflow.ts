import { createRequire } from 'node:module';
import { UserError } from '../../errors.js';
import type { Tf } from '../schema.js';
import type { EagerBackend } from './backend.js';
import { cudaGpuIsVisible } from './cuda_gpu.js';

const require = createRequire(import.meta.url);

/** TensorFlow's C library behind TensorFlow.js, from the package `packageName`. */
function native(packageName: string, description: string): EagerBackend {
  return {
    kind: 'eager',
    description,
    load: async () => {
      try {
        await restoreRemovedUtilities();
        // Both packages are made for require(): they register the backend "tensorflow" as they load.
        const tf = require(packageName) as Tf;
        await tf.setBackend('tensorflow');
        return tf;
      } catch (error) {
        throw new UserError(
          `backend: ${packageName} does not load: ${(error as Error).message.split('\n')[0]}`,
          {
            hint: `Install it with "npm install ${packageName}", or take "--backend onnxruntime-cpu", which needs no download.`,
            cause: error,
          },
        );
      }
    },
  };
}

/** TensorFlow.js 4.22 calls util.isNullOrUndefined, which Node.js 23 removed. */
async function restoreRemovedUtilities(): Promise<void> {
  const util: { isNullOrUndefined?: (value: unknown) => boolean } = require('node:util');
  util.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

export const tensorflow = native(
  '@tensorflow/tfjs-node',
  'TensorFlow on the CPU, through @tensorflow/tfjs-node',
);
export const tensorflowGpu = native(
  '@tensorflow/tfjs-node-gpu',
  'TensorFlow on a CUDA GPU, through @tensorflow/tfjs-node-gpu',
);

/** Why tensorflow-gpu cannot be the automatic choice here, or null where it can. */
export function tensorflowGpuObstacle(): string | null {
  if (!cudaGpuIsVisible()) return 'no CUDA GPU is visible';
  try {
    require.resolve('@tensorflow/tfjs-node-gpu');
    return null;
  } catch {
    return '@tensorflow/tfjs-node-gpu is not installed';
  }
}
