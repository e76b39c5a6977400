import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseBackend } from '../../src/backends/choose.js';
import { loadTfjs } from '../../src/backends/load_tfjs.js';
import { onnxruntimeCudaObstacle } from '../../src/backends/onnxruntime_cuda.js';
import { tensorflowGpuObstacle } from '../../src/backends/tensorflow.js';
import { backendNames, backends } from '../../src/registry/backends.js';

vi.mock(import('../../src/backends/tensorflow.js'), async (original) => ({
  ...(await original()),
  tensorflowGpuObstacle: vi.fn(),
}));
vi.mock(import('../../src/backends/onnxruntime_cuda.js'), async (original) => ({
  ...(await original()),
  onnxruntimeCudaObstacle: vi.fn(),
}));

describe('auto', () => {
  beforeEach(() => {
    vi.mocked(tensorflowGpuObstacle).mockReset();
    vi.mocked(onnxruntimeCudaObstacle).mockReset();
  });

  const noGpu = 'no CUDA GPU is visible';
  const visible = 'a CUDA GPU is visible';
  const works = async () => null;
  it.each([
    ['a GPU with TensorFlow', null, null, 'tensorflow-gpu', visible],
    ['a GPU without TensorFlow', 'no tfjs', null, 'onnxruntime-cuda', `${visible}, no tfjs`],
    ['a GPU without either', 'no tfjs', 'no provider', 'onnxruntime-cpu', 'no tfjs, no provider'],
    ['no GPU', noGpu, noGpu, 'onnxruntime-cpu', noGpu],
  ])('with %s, and says why', async (_, tensorflow, onnxruntime, name, reason) => {
    vi.mocked(tensorflowGpuObstacle).mockReturnValue(tensorflow);
    vi.mocked(onnxruntimeCudaObstacle).mockReturnValue(onnxruntime);
    expect(await chooseBackend('auto', works)).toEqual({ name, reason: `auto: ${reason}` });
  });

  const old = 'tensorflow-gpu cannot run here: too old';
  const alone = 'onnxruntime-cuda cannot run here: no cuDNN';
  it.each([
    [['tensorflow-gpu'], 'onnxruntime-cuda', `${visible}, ${old}`],
    [['tensorflow-gpu', 'onnxruntime-cuda'], 'onnxruntime-cpu', `${old}, ${alone}`],
  ])('goes past %j, which turn out not to run', async (failing, name, reason) => {
    vi.mocked(tensorflowGpuObstacle).mockReturnValue(null);
    vi.mocked(onnxruntimeCudaObstacle).mockReturnValue(null);
    const causes: Record<string, string> = { 'tensorflow-gpu': 'too old', 'onnxruntime-cuda': 'no cuDNN' };
    const problemOf = async (tried: string) => (failing.includes(tried) ? causes[tried]! : null);
    expect(await chooseBackend('auto', problemOf)).toEqual({ name, reason: `auto: ${reason}` });
  });

  it.each(backendNames)('does not stand in for %s', async (name) => {
    const problemOf = vi.fn(works);
    expect(await chooseBackend(name, problemOf)).toEqual({ name, reason: 'as configured' });
    expect(tensorflowGpuObstacle).not.toHaveBeenCalled();
    expect(problemOf).not.toHaveBeenCalled();
  });
});

describe('eager backends that need nothing', () => {
  it.each(['cpu', 'wasm'] as const)('%s is active once it is loaded, the second time too', async (name) => {
    for (let round = 0; round < 2; round++) {
      const loaded = await loadTfjs(name);
      expect(loaded.getBackend()).toBe(name);
      // One engine: the model's tensors and the test's are the same kind.
      expect(loaded.engine()).toBe(tf.engine());
      expect([...loaded.tidy(() => loaded.add([1, 2], 3).dataSync())]).toEqual([4, 5]);
    }
  });
});

it('compiled backends name their providers', () => {
  expect(backends['onnxruntime-cpu']).toMatchObject({ kind: 'compiled', executionProviders: ['cpu'] });
});
