import type { Tensor } from '@tensorflow/tfjs';
import { onnxOperators } from '../../tracing/kernels/index.js';
import { input, output, traceGraph } from '../../tracing/trace_graph.js';
import { encodeModel } from './encode.js';
import type { EngineOptions } from './engine.js';
import * as ort from './onnxruntime.js';

/** Numbers with a shape, in row-major order. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Traces a function of float32 tensors, runs it once with ONNX Runtime, and gives what it returns. */
export async function runOnce<Name extends string>(
  run: (inputs: Readonly<Record<Name, Tensor>>) => Tensor,
  inputs: Readonly<Record<Name, Numbers>>,
  { executionProviders, threads }: Pick<EngineOptions, 'executionProviders' | 'threads'>,
): Promise<number[]> {
  const names = Object.keys(inputs) as Name[];
  const each = <T>(convert: (numbers: Numbers, name: Name) => T) =>
    Object.fromEntries(names.map((name) => [name, convert(inputs[name], name)])) as Record<Name, T>;
  const { graph } = await traceGraph(onnxOperators, (trace) => {
    output(trace, 'result', run(each(({ shape }, name) => input(trace, name, 'float32', shape))));
  });
  const session = await ort.InferenceSession.create(encodeModel(graph), {
    executionProviders: [...executionProviders],
    intraOpNumThreads: threads,
  });
  const feeds = each(({ shape, values }) => new ort.Tensor('float32', Float32Array.from(values), shape));
  const { result } = await session.run(feeds);
  const values = [...((await result!.getData()) as Float32Array)];
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
