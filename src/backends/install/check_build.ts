/** Trains on a build, in a process of its own: node check_build.js DIRECTORY prints a BuildCheck as JSON. */
import type { Tensor4D } from '@tensorflow/tfjs';
import { registerKernels } from '../../engines/eager/tensorflow_kernels.js';
import { loadBuild } from '../tensorflow_build.js';

/** What loading a build tells. */
export interface BuildCheck {
  readonly tensorflow: string;
  readonly gpu: boolean;
  /** dw of w, for y = Σ maxPool(x ⋆ w) over 4 windows of ones: 4. */
  readonly gradient: number;
}

const tf = loadBuild(process.argv[2]!);
await tf.setBackend('tensorflow');
registerKernels(tf);
const padding = [0, 1, 1, 0].map((pixels) => [pixels, pixels]) as [[0, 0], [1, 1], [1, 1], [0, 0]];
const [dw] = tf.grads((w) => {
  const y = tf.conv2d(tf.ones([1, 4, 4, 1]) as Tensor4D, w as Tensor4D, 1, 'same');
  return tf.sum(tf.maxPool(y, 3, 2, padding));
})([tf.ones([1, 1, 1, 1])]);
const { binding, isUsingGpuDevice } = tf.backend() as unknown as {
  binding: { TF_Version: string };
  isUsingGpuDevice: boolean;
};
const result: BuildCheck = {
  tensorflow: binding.TF_Version,
  gpu: isUsingGpuDevice,
  gradient: (await dw!.data())[0]!,
};
process.stdout.write(`${JSON.stringify(result)}\n`);
