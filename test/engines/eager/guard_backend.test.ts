import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { guardBackend } from '../../../src/engines/eager/guard_backend.js';
import { EngineError } from '../../../src/engines/engine_error.js';

/** Remembers values, and has room for 8 numbers at most. */
class SmallBackend extends tf.KernelBackend {
  private readonly values = new Map<object, tf.backend_util.BackendValues>();

  override write(values: tf.backend_util.BackendValues, shape: number[]): object {
    if (tf.util.sizeFromShape(shape) > 8) throw new RangeError('out of memory');
    const id = {};
    this.values.set(id, values);
    return id;
  }
  override async read(id: object): Promise<tf.backend_util.BackendValues> {
    const values = this.values.get(id)!;
    if ((values as Float32Array)[0] === 13) throw new Error('device lost');
    return values;
  }
  override disposeData = () => true;
  override numDataIds = () => this.values.size;
  override floatPrecision = () => 32 as const;
}

test('kernels and memory of an engine are guarded, kernels of gnet are not', async () => {
  const fails = (text: string) => () => {
    throw new Error(text);
  };
  tf.registerBackend('small', () => new SmallBackend());
  tf.registerKernel({ kernelName: 'Relu', backendName: 'small', kernelFunc: fails('no kernel image') });
  await tf.setBackend('small');
  guardBackend(tf);
  guardBackend(tf);
  tf.registerKernel({ kernelName: 'Exp', backendName: 'small', kernelFunc: fails('a mistake of ours') });
  const x = tf.tensor1d([13, 1]);
  const errorOf = async (call: () => unknown): Promise<unknown> => {
    try {
      return await call();
    } catch (error) {
      return error;
    }
  };
  expect(await errorOf(() => tf.relu(x))).toEqual(new EngineError(new Error('no kernel image')));
  expect(await errorOf(() => tf.tensor1d(new Float32Array(9)))).toBeInstanceOf(EngineError);
  expect(await errorOf(() => x.data())).toMatchObject({ name: 'EngineError', message: 'device lost' });
  expect(await tf.tensor1d([1, 2]).data()).toEqual(Float32Array.of(1, 2));
  const ours = await errorOf(() => tf.exp(x));
  expect(ours).not.toBeInstanceOf(EngineError);
  expect(ours).toMatchObject({ message: 'a mistake of ours' });
});
