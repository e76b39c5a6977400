import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { cudaGpuIsVisible } from './cuda_gpu.js';
import { NO_CUDA_GPU, NO_CUDA_PROVIDER } from './signs.js';

const require = createRequire(import.meta.url);

/** Why onnxruntime-cuda cannot be the automatic choice here, or null where it can. */
export function onnxruntimeCudaObstacle(): string | null {
  if (!cudaGpuIsVisible()) return NO_CUDA_GPU;
  const file = join('bin/napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
  const directory = dirname(require.resolve('onnxruntime-node/package.json'));
  return existsSync(join(directory, file)) ? null : NO_CUDA_PROVIDER;
}
