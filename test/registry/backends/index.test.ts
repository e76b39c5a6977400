import * as tf from '@tensorflow/tfjs';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { backendNames, backends, chooseBackend } from '../../../src/registry/backends/index.js';
import { tensorflowGpuObstacle } from '../../../src/registry/backends/tensorflow.js';

vi.mock(import('../../../src/registry/backends/tensorflow.js'), async (original) => ({
  ...(await original()),
  tensorflowGpuObstacle: vi.fn(),
}));

describe('auto', () => {
  beforeEach(() => vi.mocked(tensorflowGpuObstacle).mockReset());

  it('takes a GPU where nothing is in its way', () => {
    vi.mocked(tensorflowGpuObstacle).mockReturnValue(null);
    expect(chooseBackend('auto')).toEqual({ name: 'tensorflow-gpu', reason: 'auto: a CUDA GPU is visible' });
  });

  it('else takes ONNX Runtime, and says why', () => {
    vi.mocked(tensorflowGpuObstacle).mockReturnValue('no CUDA GPU is visible');
    expect(chooseBackend('auto')).toEqual({
      name: 'onnxruntime-cpu',
      reason: 'auto: no CUDA GPU is visible',
    });
  });

  it.each(backendNames)('does not stand in for %s', (name) => {
    expect(chooseBackend(name)).toEqual({ name, reason: 'as configured' });
    expect(tensorflowGpuObstacle).not.toHaveBeenCalled();
  });
});

describe('eager backends that need nothing', () => {
  it.each(['cpu', 'wasm'] as const)('%s is active once it is loaded, the second time too', async (name) => {
    for (let round = 0; round < 2; round++) {
      const loaded = await backends[name].load();
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
