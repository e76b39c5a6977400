import { loadCpu } from '../engines/eager/cpu.js';
import { loadWasm } from '../engines/eager/wasm.js';
import type { BackendName, backends } from '../registry/backends.js';
import type { Tf } from '../registry/schema.js';
import { loadTensorflow } from './tensorflow.js';

/** Names of the backends that run TensorFlow.js operations one by one. */
export type EagerName = {
  [Name in BackendName]: (typeof backends)[Name]['kind'] extends 'eager' ? Name : never;
}[BackendName];

const loaders: Readonly<Record<EagerName, (threads: number) => Promise<Tf>>> = {
  'tensorflow-gpu': (threads) => loadTensorflow('tensorflow-gpu', threads),
  tensorflow: (threads) => loadTensorflow('tensorflow', threads),
  wasm: loadWasm,
  cpu: loadCpu,
};

/**
 * TensorFlow.js with a backend active.
 * @param threads of one operation, where the backend has several; 0 takes every core
 * @throws UnusableBackend where it cannot run here, saying why
 */
export function loadTfjs(name: EagerName, threads = 0): Promise<Tf> {
  return loaders[name](threads);
}

export function isEager(name: BackendName): name is EagerName {
  return name in loaders;
}
