import type { EagerBackend } from './backend.js';

export const cpu: EagerBackend = {
  kind: 'eager',
  hasThreads: false,
  description: 'TensorFlow.js in plain JavaScript: slow, needs nothing',
  load: async () => {
    const tf = await import('@tensorflow/tfjs');
    // Keeps back a banner that tells to install tfjs-node.
    tf.enableProdMode();
    await tf.setBackend('cpu');
    return tf;
  },
};
