import type { Tf } from '../../registry/schema.js';
import { registerGroupedConvolution } from './grouped_convolution.js';
import { guardBackend } from './guard_backend.js';

/** TensorFlow.js on its WebAssembly backend, with the kernels that it lacks or has wrong. */
export async function loadWasm(): Promise<Tf> {
  const tf = await import('@tensorflow/tfjs');
  await import('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
  guardBackend(tf);
  const { registerFilterGradient } = await import('./wasm_filter_gradient.js');
  const { registerMaxPoolGradient } = await import('./wasm_max_pool_gradient.js');
  registerGroupedConvolution(tf, 'wasm');
  registerFilterGradient(tf);
  registerMaxPoolGradient(tf);
  return tf;
}
