import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import type { DeviceBackend, Diagnosis } from './backend.js';
import { cudaGpuIsVisible } from './cuda_gpu.js';

const require = createRequire(import.meta.url);

const NOT_INSTALLED = "ONNX Runtime's CUDA provider is not installed";

export const onnxruntimeCuda: DeviceBackend = {
  kind: 'device',
  description:
    'the compiled step on ONNX Runtime, CUDA 12 provider (Linux x64), which an extra command downloads',
  executionProvider: { name: 'cuda' },
  // The Node binding knows device memory of WebGPU only: with CUDA, state crosses the bus in each step.
  keepsState: false,
  diagnose: (report) => {
    const missing = /(lib[\w.+-]+): cannot open shared object file/.exec(report)?.[1];
    if (missing !== undefined) return missingLibrary(missing);
    // Loaded at the first operation that needs it.
    if (/cuDNN (is not available|library was not found)/.test(report)) return missingLibrary('libcudnn.so.9');
    if (/no CUDA-capable device|driver version is insufficient|CUDA failure (35|100)\b/.test(report)) {
      return {
        cause: 'no CUDA GPU answers, or its driver is too old for CUDA 12',
        hint: 'See what it says: nvidia-smi',
      };
    }
    return null;
  },
};

function missingLibrary(name: string): Diagnosis {
  if (name.startsWith('libonnxruntime_providers')) {
    return {
      cause: `${NOT_INSTALLED} (${name} is missing)`,
      hint: `Download it: node ${relative(process.cwd(), join(packageDirectory(), 'script/install.js'))} --onnxruntime-node-install=cuda12`,
    };
  }
  return {
    cause: `NVIDIA's library ${name} is missing`,
    hint: `Install it, from NVIDIA's package repository: sudo apt-get install ${packageOf(name)}`,
  };
}

/** The package of NVIDIA's repository that has a library; those of the toolkit end in the version of CUDA. */
function packageOf(library: string): string {
  if (library.startsWith('libcudnn')) return 'cudnn9-cuda-12';
  if (/^lib(cuda|nvidia-ml)\.so/.test(library)) return 'cuda-drivers';
  return `cuda-toolkit-${/^lib(?:cublas|cublasLt|cudart)\.so\.(\d+)/.exec(library)?.[1] ?? 12}`;
}

/** Why onnxruntime-cuda cannot be the automatic choice here, or null where it can. */
export function onnxruntimeCudaObstacle(): string | null {
  if (!cudaGpuIsVisible()) return 'no CUDA GPU is visible';
  const binaries = join(packageDirectory(), 'bin/napi-v6', process.platform, process.arch);
  return existsSync(join(binaries, 'libonnxruntime_providers_cuda.so')) ? null : NOT_INSTALLED;
}

function packageDirectory(): string {
  return dirname(require.resolve('onnxruntime-node/package.json'));
}
