import type { Machine } from '../../src/backends/doctor/machine.js';

/** A Debian machine with no GPU, and with some of its facts replaced. */
export function machine(changes: Partial<Machine> = {}): Machine {
  return {
    gnet: '0.1.0',
    node: 'v20.20.2',
    node_abi: '115',
    npm: '10.8.2',
    platform: 'linux 6.1.0 x64',
    libc: 'glibc 2.36',
    cpu: 'Test CPU',
    simd: ['avx', 'avx2'],
    threads: 4,
    memory_bytes: 16e9,
    memory_free_bytes: 8e9,
    memory_limit_bytes: null,
    gpus: [],
    gpu_problem: 'nvidia-smi is not installed',
    vulkan: { loader: false, drivers: [] },
    cuda_libraries: [],
    installer: { tool: 'apt-get', sudo: true },
    ...changes,
  };
}
