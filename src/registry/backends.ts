/** Runs TensorFlow.js operations one by one. */
export interface EagerBackend {
  readonly kind: 'eager';
  readonly description: string;
  /** Whether an operation has more than the thread that calls it. */
  readonly hasThreads: boolean;
}

/** Runs the traced graph with ONNX Runtime. */
export interface CompiledBackend {
  readonly kind: 'compiled';
  readonly description: string;
  /** ONNX Runtime's names of execution providers, first choice first. */
  readonly executionProviders: readonly string[];
}

/** Runs the traced graph with oneDNN's primitives, and with ONNX Runtime what those do not compute. */
export interface PrimitiveBackend {
  readonly kind: 'primitives';
  readonly description: string;
}

/** Runs the traced graph with a GPU provider of ONNX Runtime. */
export interface DeviceBackend {
  readonly kind: 'device';
  readonly description: string;
  /** As ONNX Runtime takes it. */
  readonly executionProvider:
    | { readonly name: 'webgpu'; readonly preferredLayout: 'NCHW' }
    | { readonly name: 'cuda' };
  /** Whether outputs can stay on the device and be fed again: then the state lies there, else in host memory. */
  readonly keepsState: boolean;
}

export type BackendEntry = EagerBackend | CompiledBackend | PrimitiveBackend | DeviceBackend;

/** Everything that can run the model, by the name that a config or --backend gives. */
export const backends = {
  'tensorflow-gpu': {
    kind: 'eager',
    hasThreads: true,
    description: 'TensorFlow on a CUDA GPU, through @tensorflow/tfjs-node-gpu',
  },
  'onnxruntime-cuda': {
    kind: 'device',
    description:
      'the compiled step on ONNX Runtime, CUDA 12 provider (Linux x64), which an extra command downloads',
    executionProvider: { name: 'cuda' },
    // The Node binding knows device memory of WebGPU only: with CUDA, parameters and gradients cross the bus in each step.
    keepsState: false,
  },
  'onnxruntime-webgpu': {
    kind: 'device',
    description:
      'the compiled step on ONNX Runtime, WebGPU provider: any GPU with Vulkan, Direct3D 12 or Metal',
    // In its own layout, NHWC, the provider of 1.30 computes convolutions wrongly whose input channels are divisible by 3
    // but not by 4 while their output channels are by 4 (microsoft/onnxruntime#29651 may be the same).
    executionProvider: { name: 'webgpu', preferredLayout: 'NCHW' },
    keepsState: true,
  },
  'onnxruntime-cpu': {
    kind: 'compiled',
    description: 'the compiled step on ONNX Runtime, CPU provider',
    executionProviders: ['cpu'],
  },
  onednn: {
    kind: 'primitives',
    description:
      "the compiled step on oneDNN's primitives (Linux x64 with AVX2), which gnet backend install onednn brings",
  },
  tensorflow: {
    kind: 'eager',
    hasThreads: true,
    description: 'TensorFlow on the CPU, through @tensorflow/tfjs-node',
  },
  wasm: {
    kind: 'eager',
    // TensorFlow.js computes on the calling thread: wasm starts no workers in Node.js.
    hasThreads: false,
    description: 'TensorFlow.js in WebAssembly with SIMD',
  },
  cpu: {
    kind: 'eager',
    hasThreads: false,
    description: 'TensorFlow.js in plain JavaScript: slow, needs nothing',
  },
} as const satisfies Record<string, BackendEntry>;

export type BackendName = keyof typeof backends;
export const backendNames = Object.keys(backends) as BackendName[];

/** Whether the number of threads tells how a backend computes; names that nobody knows may have threads. */
export function hasThreads(name: string): boolean {
  const backend = (backends as Readonly<Record<string, BackendEntry>>)[name];
  return backend?.kind !== 'eager' || backend.hasThreads;
}
