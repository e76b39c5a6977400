import type { EagerBackend } from './backend.js';

export const wasm: EagerBackend = {
  kind: 'eager',
  // TensorFlow.js computes on the calling thread: wasm starts no workers in Node.js.
  hasThreads: false,
  description: 'TensorFlow.js in WebAssembly with SIMD',
  load: async () => {
    const tf = await import('@tensorflow/tfjs');
    await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
    const { registerFilterGradient } = await import('./wasm_filter_gradient.js');
    const { registerMaxPoolGradient } = await import('./wasm_max_pool_gradient.js');
    registerFilterGradient(tf);
    registerMaxPoolGradient(tf);
    return tf;
  },
};
