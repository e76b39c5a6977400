import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-node';
import { input, output, traceGraph } from './compile.js';
import type { SessionOptions } from './compiled_program.js';

/** A matrix, row by row. */
export interface Matrix {
  readonly shape: readonly [number, number];
  readonly values: readonly number[];
}

/** a · b as a traced graph on ONNX Runtime: the smallest thing that needs all that a compiled program needs. */
export async function compiledProduct(
  a: Matrix,
  b: Matrix,
  { executionProviders, threads }: SessionOptions,
): Promise<number[]> {
  const { model } = await traceGraph((trace) => {
    const factors = [input(trace, 'a', 'float32', a.shape), input(trace, 'b', 'float32', b.shape)] as const;
    output(trace, 'product', tf.matMul(...factors));
  });
  const session = await ort.InferenceSession.create(model, {
    executionProviders: [...executionProviders],
    intraOpNumThreads: threads,
  });
  const feed = ({ shape, values }: Matrix) => new ort.Tensor('float32', Float32Array.from(values), shape);
  const { product } = await session.run({ a: feed(a), b: feed(b) });
  const values = [...((await product!.getData()) as Float32Array)];
  await session.release();
  return values;
}

/** The version of the installed ONNX Runtime. */
export const onnxRuntimeVersion = ort.env.versions.node ?? ort.env.versions.common;

/** Makes every session that is opened from now on log to stderr where each of its nodes runs. */
export function logPlacement(): void {
  const { create } = ort.InferenceSession;
  ort.InferenceSession.create = ((model: Uint8Array, options: ort.InferenceSession.SessionOptions) =>
    create(model, { ...options, logSeverityLevel: 0 })) as typeof create;
}
