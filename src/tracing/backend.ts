import * as tf from '@tensorflow/tfjs';
import type { ImageChange, ImageResizer } from '../model/preprocess.js';
import { groupedKernels } from '../registry/layers/grouped_convolution.js';
import { UntranslatedKernelError } from './kernels/kernel.js';
import { resizeAndNormalize } from './kernels/preprocessing.js';
import type { Trace } from './trace.js';
import type { Value } from './value.js';

export const TRACE_BACKEND = 'gnet-trace';

/**
 * A TensorFlow.js backend that computes nothing: each kernel appends nodes to the graph of the trace under way.
 * Data ids are keys of traced values; constants that TensorFlow.js writes become initializers.
 */
class TraceBackend extends tf.KernelBackend implements ImageResizer {
  private trace: Trace | undefined;
  private values = new WeakMap<object, Value>();

  /** Runs a synchronous function with `trace` as the one under way. */
  during<T>(trace: Trace, run: () => T): T {
    this.trace = trace;
    this.values = new WeakMap();
    try {
      return run();
    } finally {
      this.trace = undefined;
    }
  }

  get current(): Trace {
    if (!this.trace) throw new Error(`backend ${TRACE_BACKEND} is used outside of a trace`);
    return this.trace;
  }

  valueFor(tensor: tf.TensorInfo): Value {
    const value = this.values.get(tensor.dataId);
    if (!value) throw new Error('a tensor of another backend was used in a trace: pass it in as an input');
    return value;
  }

  register(value: Value, dtype: tf.DataType): tf.TensorInfo {
    const dataId = {};
    this.values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype };
  }

  resizeAndNormalize(images: tf.Tensor, change: ImageChange): tf.Tensor4D | undefined {
    const result = resizeAndNormalize(this.current, this.valueFor(images), change);
    return result && (tf.engine().makeTensorFromTensorInfo(this.register(result, 'float32')) as tf.Tensor4D);
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    shape: number[],
    dtype: tf.DataType,
  ): void {
    const { graph } = this.current;
    const numbers = values as ArrayLike<number>;
    if ((dtype === 'float32' || dtype === 'int32') && isUniform(numbers)) {
      this.values.set(dataId, this.current.uniform(numbers[0]!, shape, dtype));
    } else if (dtype === 'float32') {
      this.values.set(dataId, this.current.value(graph.floats(numbers, shape), shape));
    } else if (dtype === 'int32') {
      this.values.set(dataId, this.current.value(graph.int32s(numbers, shape), shape, { type: 'int32' }));
    } else {
      throw new UntranslatedKernelError(this.current, `(constant of type ${dtype})`);
    }
  }

  override readSync(): never {
    throw new Error('a traced tensor has no values: the step function must not read tensors');
  }

  override async read(): Promise<never> {
    return this.readSync();
  }

  override numDataIds(): number {
    return 0;
  }

  // Values live as long as the trace: there is nothing to count or to free.
  override disposeData(): boolean {
    return true;
  }
  override incRef(): void {}
  decRef(): void {}
  override refCount(): number {
    return 1;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override dispose(): void {}
}

let registered: TraceBackend | undefined;

/** The trace backend, registered with TensorFlow.js at first use. */
export function traceBackend(): TraceBackend {
  if (registered) return registered;
  const backend = new TraceBackend();
  tf.registerBackend(TRACE_BACKEND, () => backend);
  // Kernels are known by name to TensorFlow.js; those of its own CPU backend and gnet's are the full list.
  const names = tf.getKernelsForBackend('cpu').map(({ kernelName }) => kernelName);
  for (const kernelName of new Set([...names, ...Object.values(groupedKernels)])) {
    tf.registerKernel({
      kernelName,
      backendName: TRACE_BACKEND,
      kernelFunc: ({ inputs, attrs }) => {
        const trace = backend.current;
        trace.kernels.add(kernelName);
        const translate = trace.target.translations.get(kernelName);
        if (!translate) throw new UntranslatedKernelError(trace, kernelName);
        const named = Object.fromEntries(
          Object.entries(inputs).flatMap(([name, tensor]) =>
            tensor ? [[name, backend.valueFor(tensor)]] : [],
          ),
        );
        const result = translate(trace, named, attrs ?? {});
        return Array.isArray(result)
          ? result.map((value) => backend.register(value, dtypeOf(value)))
          : backend.register(result as Value, dtypeOf(result as Value));
      },
    });
  }
  registered = backend;
  return backend;
}

/** Ones and zeros in the shape of a feature map are common in gradients, and are no data to store. */
function isUniform(numbers: ArrayLike<number>): boolean {
  return numbers.length > 0 && Array.prototype.every.call(numbers, (number) => Object.is(number, numbers[0]));
}

function dtypeOf(value: Value): tf.DataType {
  if (value.type === 'float32' || value.type === 'bool') return value.type;
  return 'int32';
}
