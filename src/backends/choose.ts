import type { BackendName } from '../registry/backends.js';
import { onnxruntimeCudaObstacle } from './onnxruntime_cuda.js';
import { tensorflowGpuObstacle } from './tensorflow.js';

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
