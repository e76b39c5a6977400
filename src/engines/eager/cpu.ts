import type { Tf } from '../../registry/schema.js';
import { registerGroupedConvolution } from './grouped_convolution.js';
import { guardBackend } from './guard_backend.js';

/** TensorFlow.js on its plain JavaScript backend. */
export async function loadCpu(): Promise<Tf> {
  const tf = await import('@tensorflow/tfjs');
  // Keeps back a banner that tells to install tfjs-node.
  tf.enableProdMode();
  await tf.setBackend('cpu');
  guardBackend(tf);
  registerGroupedConvolution(tf, 'cpu');
  return tf;
}
