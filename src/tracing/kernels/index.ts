import { classification } from './classification.js';
import { convolutions } from './convolution.js';
import { deviceKernels } from './device.js';
import { elementwise } from './elementwise.js';
import { groupedConvolutions } from './grouped_convolution.js';
import type { Target, Translation } from './kernel.js';
import { matrixProducts } from './matmul.js';
import { pooling } from './pooling.js';
import { primitives } from './primitives.js';
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
    ...groupedConvolutions,
    ...pooling,
  }),
);

/** All operators of ONNX, and no others. */
export const onnxOperators: Target = {
  name: 'ONNX',
  translations: kernels,
  customOperations: false,
  hint: 'Run the model with an eager backend (--backend wasm), or add a translation in src/tracing/kernels.',
};

/** Operators of ONNX, and gnet's own operations for what ONNX Runtime's do badly on a CPU. */
export const customOperations: Target = { ...onnxOperators, customOperations: true };

/** Operators that ONNX Runtime's GPU providers compute on the device. */
export const deviceOperators: Target = {
  ...onnxOperators,
  translations: new Map([...kernels, ...Object.entries(deviceKernels)]),
};

/** Whole operations of convolutional networks where there are any, operators of ONNX for the rest. */
export const primitiveOperations: Target = {
  ...customOperations,
  translations: new Map([...kernels, ...Object.entries(primitives)]),
};
