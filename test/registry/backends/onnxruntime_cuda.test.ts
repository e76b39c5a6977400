import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { onnxruntimeCuda, onnxruntimeCudaObstacle } from '../../../src/registry/backends/onnxruntime_cuda.js';

vi.mock(import('node:fs'), async (original) => ({ ...(await original()), existsSync: vi.fn() }));

/** As ONNX Runtime 1.30 prints it, line broken and in red. */
const notLoaded = (provider: string, missing: string) =>
  `[1;31m2026-11-24 07:06:59.887 [E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] FAIL : Failed to load library /a/b/${provider} with error: ${missing}: cannot open shared object file: No such file or directory\n[m\nOrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library\n`;

describe('what is missing for CUDA', () => {
  it('the provider: the command that downloads it', () => {
    const shared = 'libonnxruntime_providers_shared.so';
    expect(onnxruntimeCuda.diagnose(notLoaded(shared, `/a/b/${shared}`))).toEqual({
      cause: "ONNX Runtime's CUDA provider is not installed (libonnxruntime_providers_shared.so is missing)",
      hint: 'Download it: node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12',
    });
  });

  it.each([
    ['libcudnn.so.9', 'cudnn9-cuda-12'],
    ['libcublasLt.so.12', 'cuda-toolkit-12'],
    ['libcudart.so.13', 'cuda-toolkit-13'],
    ['libcurand.so.10', 'cuda-toolkit-12'],
    ['libcuda.so.1', 'cuda-drivers'],
  ])('a library of NVIDIA’s, by name: %s', (library, packageName) => {
    const diagnosis = onnxruntimeCuda.diagnose(notLoaded('libonnxruntime_providers_cuda.so', library));
    expect(diagnosis!.cause).toBe(`NVIDIA's library ${library} is missing`);
    expect(diagnosis!.hint).toMatch(new RegExp(` apt-get install ${packageName}$`));
  });

  it('cuDNN, which is looked for at the first convolution', () => {
    const report = 'cuDNN is not available. Install cuDNN, update the system library search path';
    expect(onnxruntimeCuda.diagnose(report)).toMatchObject({
      cause: "NVIDIA's library libcudnn.so.9 is missing",
    });
  });

  it('a device that does not answer', () => {
    const report = 'CUDA failure 100: no CUDA-capable device is detected ; GPU=-1';
    expect(onnxruntimeCuda.diagnose(report)).toMatchObject({ hint: expect.stringContaining('nvidia-smi') });
  });

  it('anything else is left to what the provider says', () => {
    expect(onnxruntimeCuda.diagnose('out of memory')).toBeNull();
  });
});

describe('as the automatic choice', () => {
  afterEach(() => vi.mocked(existsSync).mockReset());

  it.each([
    ['no GPU', /^$/, 'no CUDA GPU is visible'],
    ['a GPU alone', /^\/dev\/nvidia0$/, "ONNX Runtime's CUDA provider is not installed"],
    [
      'a GPU and the provider',
      /^\/dev\/nvidia0$|onnxruntime-node\/bin\/.*\/libonnxruntime_providers_cuda\.so$/,
      null,
    ],
  ])('%s', (_, there, obstacle) => {
    vi.mocked(existsSync).mockImplementation((path) => there.test(String(path)));
    expect(onnxruntimeCudaObstacle()).toBe(obstacle);
  });
});
