import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { DeviceBackend } from './backend.js';
import { cudaGpuIsVisible } from './cuda_gpu.js';
import { NO_CUDA_GPU, NO_CUDA_PROVIDER } from './signs.js';

const require = createRequire(import.meta.url);

export const onnxruntimeCuda: DeviceBackend = {
  kind: 'device',
  description:
    'the compiled step on ONNX Runtime, CUDA 12 provider (Linux x64), which an extra command downloads',
  executionProvider: { name: 'cuda' },
  // The Node binding knows device memory of WebGPU only: with CUDA, state crosses the bus in each step.
  keepsState: false,
};

/** Why onnxruntime-cuda cannot be the automatic choice here, or null where it can. */
export function onnxruntimeCudaObstacle(): string | null {
  if (!cudaGpuIsVisible()) return NO_CUDA_GPU;
  const file = join('bin/napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so');
  const directory = dirname(require.resolve('onnxruntime-node/package.json'));
  return existsSync(join(directory, file)) ? null : NO_CUDA_PROVIDER;
}
