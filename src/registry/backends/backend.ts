import type { Tf } from '../schema.js';

/** Runs TensorFlow.js operations one by one. */
export interface EagerBackend {
  readonly kind: 'eager';
  readonly description: string;
  /**
   * TensorFlow.js with this backend active.
   * @param threads of one operation, where the backend has several; 0, the default, takes every core
   * @throws UserError where it cannot run here, saying why.
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

export type BackendEntry = EagerBackend | CompiledBackend;
