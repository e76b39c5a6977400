import type { Lowering } from '../trace.js';
import { classification } from './classification.js';
import { convolutions } from './convolution.js';
import { deviceKernels } from './device.js';
import { elementwise } from './elementwise.js';
import type { Translation } from './kernel.js';
import { matrixProducts } from './matmul.js';
import { pooling } from './pooling.js';
import { reductions } from './reduction.js';
import { shapes } from './shape.js';

/** Every translation, by the name of the TensorFlow.js kernel. */
export const kernels: ReadonlyMap<string, Translation> = new Map(
  Object.entries({
    ...elementwise,
    ...reductions,
    ...shapes,
    ...matrixProducts,
    ...classification,
    ...convolutions,
    ...pooling,
  }),
);

/** The translation of a kernel, if it has one. */
export function translationOf(kernel: string, lowering: Lowering): Translation | undefined {
  return (lowering === 'device' ? deviceKernels[kernel] : undefined) ?? kernels.get(kernel);
}
