import type { Tf } from '../schema.js';

/** Runs TensorFlow.js operations one by one. */
export interface EagerBackend {
  readonly kind: 'eager';
  readonly description: string;
  /** Whether an operation has more than the thread that calls it. */
  readonly hasThreads: boolean;
  /**
   * TensorFlow.js with this backend active.
   * @param threads of one operation, where the backend has several; 0, the default, takes every core
   * @throws UnusableBackend where it cannot run here, saying why.
   */
  load(threads?: number): Promise<Tf>;
}

/** Runs the traced graph with ONNX Runtime. */
export interface CompiledBackend {
  readonly kind: 'compiled';
  readonly description: string;
  /** ONNX Runtime's names of execution providers, first choice first. */
  readonly executionProviders: readonly string[];
}

/** Runs the traced graph, the optimizer's update inside it, with a GPU provider of ONNX Runtime. */
export interface DeviceBackend {
  readonly kind: 'device';
  readonly description: string;
  /** As ONNX Runtime takes it. */
  readonly executionProvider:
    | { readonly name: 'webgpu'; readonly preferredLayout: 'NCHW' }
    | { readonly name: 'cuda' };
  /** Whether outputs can stay on the device and be fed again. */
  readonly keepsState: boolean;
}

export type BackendEntry = EagerBackend | CompiledBackend | DeviceBackend;
