import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../../src/errors.js';
import {
  tensorflow,
  tensorflowGpu,
  tensorflowGpuObstacle,
} from '../../../src/registry/backends/tensorflow.js';
import { buildName, buildsDirectory } from '../../../src/registry/backends/tensorflow_build.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';
import { whyNoTensorflow } from '../../helpers/tensorflow.js';

vi.mock(import('node:fs'), { spy: true });

function isInstalled(packageName: string): boolean {
  try {
    createRequire(import.meta.url).resolve(packageName);
    return true;
  } catch {
    return false;
  }
}

it('is in the suites of layers, programs and golden numbers', ({ skip }) => {
  skip(whyNoTensorflow !== null, `${whyNoTensorflow}; gnet backend install tensorflow`);
});

describe('where there is nothing to load', () => {
  beforeEach(() => {
    vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory());
    return () => vi.unstubAllEnvs();
  });

  it.each([
    ['tensorflow', '@tensorflow/tfjs-node', tensorflow, 'gnet backend install tensorflow"'],
    ['tensorflow-gpu', '@tensorflow/tfjs-node-gpu', tensorflowGpu, 'gnet backend install tensorflow --gpu"'],
  ])('%s: the error says how to go on', async (name, packageName, backend, command) => {
    if (isInstalled(packageName)) return;
    const error = await backend.load().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: `backend ${name}: ${packageName} is not installed`,
      hint: expect.stringContaining(command),
    });
  });

  it.each([
    ['a file that is cut short', '\x7fELF', 'has a damaged native part: a file is too short'],
    [
      'another system',
      'x'.repeat(100),
      `has a native part for another system or processor than ${process.platform} ${process.arch}`,
    ],
  ])('a build that does not load: %s', async (_case, content, cause) => {
    const directory = join(buildsDirectory(), buildName('tensorflow', '2.21.0'));
    const binding = join(directory, 'tensorflow/tfjs_binding.node');
    mkdirSync(dirname(binding), { recursive: true });
    writeFileSync(binding, content);
    const manifest = { tensorflow: '2.21.0', created_at: '', files: {} };
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
    await expect(tensorflow.load()).rejects.toMatchObject({
      message: `backend tensorflow: ${directory} ${cause}`,
      hint: expect.stringContaining('"gnet backend install tensorflow" checks every file of the build'),
    });
  });
});

describe('what is in the way of the GPU', () => {
  beforeEach(() => {
    vi.stubEnv('XDG_CACHE_HOME', temporaryDirectory());
    return () => vi.unstubAllEnvs();
  });

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
