import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UnusableBackend } from '../../src/backends/diagnosis.js';
import { onnxruntimeCudaObstacle } from '../../src/backends/onnxruntime_cuda.js';
import { requireProvider } from '../../src/backends/require_provider.js';
import { type BackendName, backends } from '../../src/registry/backends.js';
import { gnet } from '../helpers/gnet.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';
import { tinyConfig } from '../helpers/tiny_config.js';
import { requireWebgpu } from '../helpers/webgpu.js';

it('a provider that works', async () => {
  await requireWebgpu();
  await requireProvider('onnxruntime-webgpu', backends['onnxruntime-webgpu']);
});

it('says what a provider of another machine says', async () => {
  const backend = { ...backends['onnxruntime-cuda'], executionProvider: { name: 'dml' } as never };
  const error = await requireProvider('onnxruntime-cuda', backend).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UnusableBackend);
  expect(error).toMatchObject({
    message: expect.stringMatching(/^backend onnxruntime-cuda cannot run here: .*dml/),
    hint: 'Take "--backend onnxruntime-cpu".',
    exitCode: 1,
  });
});

// A machine with CUDA or another platform's GPU lacks nothing.
it
  .runIf(process.platform === 'linux' && onnxruntimeCudaObstacle() !== null)
  .each<[BackendName, string, string]>([
    ['onnxruntime-cuda', 'CUDA provider is not installed', 'Mend it: node '],
    ['onnxruntime-webgpu', 'Vulkan', 'mesa-vulkan-drivers'],
  ])('%s is missing: no run is begun, the way out is told', async (name, cause, hint) => {
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, 'tiny.yaml'), tinyConfig());
  const drivers = process.env.VK_ICD_FILENAMES;
  process.env.VK_ICD_FILENAMES = join(cwd, 'none.json');
  try {
    const { code, stdout, stderr } = await gnet(['run', 'tiny.yaml', '--backend', name], { cwd });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.split('\n')[0]).toMatch(new RegExp(`^backend ${name} cannot run here: .*${cause}`));
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain('vkCreateInstance');
    expect(existsSync(join(cwd, 'runs'))).toBe(false);
    await gnet(['run', 'tiny.yaml', '--backend', 'onnxruntime-cpu', '--run-dir', 'run'], { cwd });
    for (const words of [['eval'], ['predict', 'a.png']]) {
      const [command, ...rest] = words as [string, ...string[]];
      const ended = await gnet([command, 'run', ...rest, '--backend', name], { cwd });
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      expect(ended.stderr.split('\n')[0]).toMatch(new RegExp(`^backend ${name} cannot run here: .*${cause}`));
    }
  } finally {
    if (drivers === undefined) delete process.env.VK_ICD_FILENAMES;
    else process.env.VK_ICD_FILENAMES = drivers;
  }
});
