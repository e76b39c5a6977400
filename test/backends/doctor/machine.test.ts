import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { examineMachine } from '../../../src/backends/doctor/machine.js';
import { temporaryDirectory } from '../../helpers/temporary_directory.js';

let bin: string;
beforeEach(() => {
  bin = temporaryDirectory();
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

test('what every machine has', async () => {
  vi.stubEnv('npm_config_user_agent', 'npm/10.8.2 node/v20.20.2 linux x64');
  const machine = await examineMachine();
  expect(machine).toMatchObject({ node: process.version, node_abi: process.versions.modules, npm: '10.8.2' });
  expect(machine.gnet).toMatch(/^\d+\.\d+\.\d+/);
  expect(machine.threads).toBeGreaterThanOrEqual(1);
  expect(machine.memory_free_bytes).toBeLessThan(machine.memory_bytes);
  expect(machine.memory_limit_bytes ?? 0).toBeLessThan(machine.memory_bytes);
});

test('npm is asked where it did not start us', async () => {
  vi.stubEnv('npm_config_user_agent', undefined);
  program('npm', 'echo 9.9.9');
  expect((await examineMachine()).npm).toBe('9.9.9');
});

describe('GPUs', () => {
  test('as nvidia-smi lists them', async () => {
    program('nvidia-smi', 'echo "NVIDIA T4, 550.54.15, 15360, 14000"; echo "GRID, 550.54.15, [N/A], [N/A]"');
    expect(await examineMachine()).toMatchObject({
      gpus: [
        {
          name: 'NVIDIA T4',
          driver: '550.54.15',
          memory_bytes: 15360 * 2 ** 20,
          free_bytes: 14000 * 2 ** 20,
        },
        { name: 'GRID', driver: '550.54.15', memory_bytes: null, free_bytes: null },
      ],
      gpu_problem: null,
    });
  });

  test.each([
    ['fails', 'echo "NVIDIA-SMI has failed"; exit 9', 'nvidia-smi fails: NVIDIA-SMI has failed'],
    ['lists nothing', 'true', 'nvidia-smi lists no GPU'],
  ])('or why there are none: nvidia-smi %s', async (_, script, problem) => {
    program('nvidia-smi', script);
    expect(await examineMachine()).toMatchObject({ gpus: [], gpu_problem: problem });
  });

  test('or that it is not there', async () => {
    vi.stubEnv('PATH', bin);
    expect((await examineMachine()).gpu_problem).toBe('nvidia-smi is not installed');
  });
});

test('libraries that lie in LD_LIBRARY_PATH, and Vulkan drivers that are named', async () => {
  for (const name of [
    'libcudart.so.12',
    'libcudnn.so.9',
    'libvulkan.so.1',
    'libother.so.1',
    'my_icd.x86_64.json',
  ])
    writeFileSync(join(bin, name), '');
  vi.stubEnv('LD_LIBRARY_PATH', `/nowhere:${bin}`);
  vi.stubEnv('VK_DRIVER_FILES', `${join(bin, 'my_icd.x86_64.json')}:/nowhere/other.json`);
  const { cuda_libraries, vulkan } = await examineMachine();
  expect(cuda_libraries).toEqual(expect.arrayContaining(['libcudart.so.12', 'libcudnn.so.9']));
  expect(cuda_libraries).not.toContain('libother.so.1');
  expect(vulkan).toEqual({ loader: true, drivers: ['my'] });
});
