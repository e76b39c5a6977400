import { tensorflowObstacle } from '../../src/backends/tensorflow.js';

/** Why the backend tensorflow cannot be tested here, or null if it can: it is no dependency of gnet. */
export const whyNoTensorflow = tensorflowObstacle('tensorflow');

export type EagerName = 'cpu' | 'wasm' | 'tensorflow';

/** The eager backends that are here. */
export const eagerBackends = (['cpu', 'wasm', 'tensorflow'] satisfies EagerName[]).filter(
  (name) => name !== 'tensorflow' || whyNoTensorflow === null,
);
