import type { BackendEntry } from './backend.js';
import { cpu } from './cpu.js';
import { onnxruntimeCpu } from './onnxruntime_cpu.js';
import { onnxruntimeCuda, onnxruntimeCudaObstacle } from './onnxruntime_cuda.js';
import { onnxruntimeWebgpu } from './onnxruntime_webgpu.js';
import { tensorflow, tensorflowGpu, tensorflowGpuObstacle, tensorflowInstallCommand } from './tensorflow.js';
import { wasm } from './wasm.js';

/** Everything that can run the model, by the name that a config or --backend gives. */
export const backends = {
  'tensorflow-gpu': tensorflowGpu,
  'onnxruntime-cuda': onnxruntimeCuda,
  'onnxruntime-webgpu': onnxruntimeWebgpu,
  'onnxruntime-cpu': onnxruntimeCpu,
  tensorflow,
  wasm,
  cpu,
} as const satisfies Record<string, BackendEntry>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];

/** The command that installs again what a backend loads; npm ci does it for gnet's own dependencies. */
export function reinstallCommand(name: BackendName): string {
  return name === 'tensorflow' || name === 'tensorflow-gpu' ? tensorflowInstallCommand(name) : 'npm ci';
}

/** Whether the number of threads tells how a backend computes; names that nobody knows may have threads. */
export function hasThreads(name: string): boolean {
  const backend = (backends as Readonly<Record<string, BackendEntry>>)[name];
  return backend?.kind !== 'eager' || backend.hasThreads;
}

/** A backend and the reason that it was taken. */
export interface BackendChoice {
  readonly name: BackendName;
  readonly reason: string;
}

/** What stands in the way of a backend that `auto` could take, as far as a look tells; null where nothing is seen. */
const obstacles = {
  'tensorflow-gpu': tensorflowGpuObstacle,
  'onnxruntime-cuda': onnxruntimeCudaObstacle,
} as const;

/**
 * Turns `auto` into a backend: a CUDA GPU with TensorFlow, else with ONNX Runtime, else the CPU with ONNX Runtime, which
 * every installation has.
 * @param problemOf tries a backend out: why it cannot run here, or null where it can
 */
export async function chooseBackend(
  wanted: BackendName | 'auto',
  problemOf: (name: BackendName) => Promise<string | null>,
): Promise<BackendChoice> {
  if (wanted !== 'auto') return { name: wanted, reason: 'as configured' };
  // Both may lack the same GPU, or each its own package.
  const reasons = new Set<string>();
  for (const name of ['tensorflow-gpu', 'onnxruntime-cuda'] as const) {
    const obstacle = obstacles[name]();
    const problem = obstacle === null ? await problemOf(name) : null;
    if (obstacle === null && problem === null) {
      return { name, reason: `auto: ${['a CUDA GPU is visible', ...reasons].join(', ')}` };
    }
    reasons.add(obstacle ?? `${name} cannot run here: ${problem}`);
  }
  return { name: 'onnxruntime-cpu', reason: `auto: ${[...reasons].join(', ')}` };
}
