import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { onnxruntimeCudaObstacle } from '../../src/backends/onnxruntime_cuda.js';

vi.mock(import('node:fs'), async (original) => ({ ...(await original()), existsSync: vi.fn() }));

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
