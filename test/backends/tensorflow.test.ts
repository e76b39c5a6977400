import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { UnusableBackend } from '../../src/backends/diagnosis.js';
import { platformName } from '../../src/backends/hardware.js';
import { loadTensorflow, tensorflowGpuObstacle } from '../../src/backends/tensorflow.js';
import { buildName, buildsDirectory } from '../../src/backends/tensorflow_build.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { whyNoTensorflow } from '../helpers/tensorflow.js';

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
    ['tensorflow', '@tensorflow/tfjs-node', 'gnet backend install tensorflow\n'],
    ['tensorflow-gpu', '@tensorflow/tfjs-node-gpu', 'gnet backend install tensorflow --gpu\n'],
  ] as const)('%s: the error says how to go on', async (name, packageName, command) => {
    if (isInstalled(packageName)) return;
    const error = await loadTensorflow(name, 0).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnusableBackend);
    expect(error).toMatchObject({
      message: `backend ${name} cannot run here: ${packageName} is not installed`,
      hint: expect.stringContaining(command),
    });
  });

  it.each([
    ['a file that is cut short', '\x7fELF', 'file too short'],
    ['another system', 'x'.repeat(100), 'invalid ELF header'],
  ])('a build that does not load: %s', async (_case, content, cause) => {
    const directory = join(buildsDirectory(), buildName('tensorflow', '2.21.0'));
    const binding = join(directory, 'tensorflow/tfjs_binding.node');
    mkdirSync(dirname(binding), { recursive: true });
    writeFileSync(binding, content);
    const manifest = { tensorflow: '2.21.0', created_at: '', files: {} };
    writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
    await expect(loadTensorflow('tensorflow', 0)).rejects.toMatchObject({
      message: `backend tensorflow cannot run here: its native part is damaged or made for another platform than ${platformName()} (${cause})`,
      hint: expect.stringContaining('Mend it: gnet backend install tensorflow\n'),
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

  it('a GPU of another make in Windows’ subsystem for Linux', () => {
    vi.mocked(existsSync).mockImplementation((path) => path === '/dev/dxg');
    expect(tensorflowGpuObstacle()).toBe('no CUDA GPU is visible');
  });

  it.each([[['/dev/nvidia0']], [['/dev/dxg', '/usr/lib/wsl/lib/libcuda.so.1']]])(
    'with %j: the package, or nothing',
    (files) => {
      vi.mocked(existsSync).mockImplementation((path) => files.includes(String(path)));
      const missing = '@tensorflow/tfjs-node-gpu is not installed';
      expect(tensorflowGpuObstacle()).toBe(isInstalled('@tensorflow/tfjs-node-gpu') ? null : missing);
    },
  );
});
