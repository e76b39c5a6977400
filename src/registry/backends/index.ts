import type { BackendEntry } from './backend.js';
import { cpu } from './cpu.js';
import { onnxruntimeCpu } from './onnxruntime_cpu.js';
import { tensorflow, tensorflowGpu, tensorflowGpuObstacle } from './tensorflow.js';
import { wasm } from './wasm.js';

/** Everything that can run the model, by the name that a config or --backend gives. */
export const backends = {
  'tensorflow-gpu': tensorflowGpu,
  'onnxruntime-cpu': onnxruntimeCpu,
  tensorflow,
  wasm,
  cpu,
} as const satisfies Record<string, BackendEntry>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];

/** A backend and the reason that it was taken. */
export interface BackendChoice {
  readonly name: BackendName;
  readonly reason: string;
}

/** Turns `auto` into a backend: TensorFlow with a visible GPU, else ONNX Runtime, which every installation has. */
export function chooseBackend(wanted: BackendName | 'auto'): BackendChoice {
  if (wanted !== 'auto') return { name: wanted, reason: 'as configured' };
  const obstacle = tensorflowGpuObstacle();
  if (obstacle === null) return { name: 'tensorflow-gpu', reason: 'auto: a CUDA GPU is visible' };
  return { name: 'onnxruntime-cpu', reason: `auto: ${obstacle}` };
}
