import type { Tf } from '../../registry/schema.js';
import { fromEngine } from '../engine_error.js';

const guarded = new WeakSet<object>();

/**
 * Makes what fails inside of the active backend, its kernels and its memory, an EngineError. Kernels that are registered
 * later are left alone: gnet's own are no part of the engine.
 */
export function guardBackend(tf: Tf): void {
  const backend = tf.backend();
  if (guarded.has(backend)) return;
  guarded.add(backend);
  for (const kernel of tf.getKernelsForBackend(tf.getBackend())) {
    const { kernelFunc } = kernel;
    kernel.kernelFunc = (given) => fromEngine(() => kernelFunc(given));
  }
  for (const name of ['write', 'move', 'read', 'readSync'] as const) {
    const method = backend[name] as (...given: unknown[]) => unknown;
    const guard = (...given: unknown[]) => fromEngine(() => method.apply(backend, given));
    Object.assign(backend, { [name]: guard });
  }
}
