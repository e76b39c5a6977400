import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../src/errors.js';
import {
  tensorflow,
  tensorflowGpu,
  tensorflowGpuObstacle,
} from '../../../src/registry/backends/tensorflow.js';

vi.mock(import('node:fs'), async (original) => ({ ...(await original()), existsSync: vi.fn() }));

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return true;
  } catch {
    return false;
  }
}

describe('a package that is not installed', () => {
  it.each([
    ['@tensorflow/tfjs-node', tensorflow],
    ['@tensorflow/tfjs-node-gpu', tensorflowGpu],
  ])('%s: the error says how to go on', async (packageName, backend) => {
    if (isInstalled(packageName)) return;
    const error = await backend.load().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: expect.stringContaining(`backend: ${packageName} does not load: Cannot find module`),
      hint: expect.stringContaining(`npm install ${packageName}`),
    });
  });
});

describe('what is in the way of the GPU', () => {
  beforeEach(() => vi.mocked(existsSync).mockReset());

  it('no device', () => {
    vi.mocked(existsSync).mockReturnValue(false);
    expect(tensorflowGpuObstacle()).toBe('no CUDA GPU is visible');
  });

  it.each(['/dev/nvidia0', '/dev/dxg'])('with %s: the package, or nothing', (device) => {
    vi.mocked(existsSync).mockImplementation((path) => path === device);
    const missing = '@tensorflow/tfjs-node-gpu is not installed';
    expect(tensorflowGpuObstacle()).toBe(isInstalled('@tensorflow/tfjs-node-gpu') ? null : missing);
  });
});
