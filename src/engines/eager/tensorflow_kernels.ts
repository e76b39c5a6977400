import type { KernelBackend, NamedAttrMap, Tensor, TensorInfo } from '@tensorflow/tfjs';
import type { Tf } from '../../registry/schema.js';
import { registerGroupedConvolution } from './grouped_convolution.js';

/** What is used here of tfjs-node's backend. */
interface NodeBackend extends KernelBackend {
  readonly binding: Readonly<Record<'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_ATTR_TYPE', number>>;
  getDTypeInteger(dtype: string): number;
  executeSingleOutput(operation: string, attributes: object[], inputs: TensorInfo[]): Tensor;
}

/** How a window moves over x [batch, height, width, channels]: what the two ...Info functions of TensorFlow.js give. */
type Window = ReturnType<Tf['backend_util']['computePool2DInfo' | 'computeConv2DInfo']>;

/** A kernel of tfjs-node that is replaced; the operation of TensorFlow has its name. */
interface Replacement {
  readonly name: string;
  /** The operation's inputs in order; numbers are a shape, as a vector of int32. */
  inputs(given: Readonly<Record<string, TensorInfo>>, window: Window): (TensorInfo | number[])[];
  window(tf: Tf, given: Readonly<Record<string, TensorInfo>>, attributes: Attributes): Window;
  /** Whether the operation is told the size of the window. */
  readonly pools: boolean;
}

type FourNumbers = [number, number, number, number];

interface Attributes {
  readonly filterSize: [number, number] | number;
  readonly strides: [number, number] | number;
  readonly pad: 'same';
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
  readonly inputShape: FourNumbers;
  readonly filterShape: FourNumbers;
}

const poolWindow = (tf: Tf, x: TensorInfo, { filterSize, strides, pad, dimRoundingMode }: Attributes) =>
  tf.backend_util.computePool2DInfo(x.shape as FourNumbers, filterSize, strides, 1, pad, dimRoundingMode);

const convolutionWindow = (
  tf: Tf,
  x: readonly number[],
  filter: readonly number[],
  { strides, pad, dimRoundingMode }: Attributes,
) =>
  tf.backend_util.computeConv2DInfo(
    x as FourNumbers,
    filter as FourNumbers,
    strides,
    1,
    pad,
    dimRoundingMode,
  );

const replacements: readonly Replacement[] = [
  {
    name: 'MaxPool',
    pools: true,
    window: (tf, { x }, attributes) => poolWindow(tf, x!, attributes),
    inputs: ({ x }) => [x!],
  },
  {
    name: 'MaxPoolGrad',
    pools: true,
    window: (tf, { input }, attributes) => poolWindow(tf, input!, attributes),
    inputs: ({ input, output, dy }) => [input!, output!, dy!],
  },
  {
    name: 'Conv2DBackpropInput',
    pools: false,
    window: (tf, { filter }, attributes) =>
      convolutionWindow(tf, attributes.inputShape, filter!.shape, attributes),
    inputs: ({ filter, dy }, { inShape }) => [inShape, filter!, dy!],
  },
  {
    name: 'Conv2DBackpropFilter',
    pools: false,
    window: (tf, { x }, attributes) => convolutionWindow(tf, x!.shape, attributes.filterShape, attributes),
    inputs: ({ x, dy }, window) => [x!, (window as { filterShape: number[] }).filterShape, dy!],
  },
];

/**
 * Replaces the kernels of tfjs-node that (in 4.22) refuse padding in numbers. TensorFlow's own operations take it: in
 * max pooling it never wins, and of several maxima the first gets the gradient, as in PyTorch.
 */
export function registerKernels(tf: Tf): void {
  registerGroupedConvolution(tf, 'tensorflow');
  for (const replacement of replacements) {
    const kernel = { kernelName: replacement.name, backendName: 'tensorflow' };
    tf.unregisterKernel(kernel.kernelName, kernel.backendName);
    tf.registerKernel({
      ...kernel,
      kernelFunc: ({ inputs, attrs, backend }) =>
        run(tf, replacement, inputs as Record<string, TensorInfo>, attrs, backend as NodeBackend),
    });
  }
}

function run(
  tf: Tf,
  replacement: Replacement,
  given: Readonly<Record<string, TensorInfo>>,
  attrs: NamedAttrMap | undefined,
  backend: NodeBackend,
): Tensor {
  const window = replacement.window(tf, given, attrs as unknown as Attributes);
  return tf.tidy(() => {
    const inputs = replacement
      .inputs(given, window)
      .map((input) => (Array.isArray(input) ? tf.tensor1d(input, 'int32') : input));
    return backend.executeSingleOutput(replacement.name, attributesOf(backend, replacement, window), inputs);
  });
}

function attributesOf(backend: NodeBackend, { pools }: Replacement, window: Window): object[] {
  const { binding } = backend;
  const { type, top, bottom, left, right } = window.padInfo;
  const isNamed = type === 'SAME' || type === 'VALID';
  const integers = (name: string, value: number[]) => ({ name, type: binding.TF_ATTR_INT, value });
  const text = (name: string, value: string) => ({ name, type: binding.TF_ATTR_STRING, value });
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: backend.getDTypeInteger('float32') },
    ...(pools ? [integers('ksize', [1, window.filterHeight, window.filterWidth, 1])] : []),
    integers('strides', [1, window.strideHeight, window.strideWidth, 1]),
    text('padding', isNamed ? type : 'EXPLICIT'),
    ...(isNamed ? [] : [integers('explicit_paddings', [0, 0, top, bottom, left, right, 0, 0])]),
    text('data_format', 'NHWC'),
  ];
}
