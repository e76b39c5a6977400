import * as tf from '@tensorflow/tfjs';
import { TRACE_BACKEND, traceBackend } from './backend.js';
import type { Graph } from './graph.js';
import type { Target } from './kernels/kernel.js';
import { Trace } from './trace.js';
import type { ElementType } from './view.js';

/** A graph, and the names of the TensorFlow.js kernels that it translates. */
export interface TracedGraph {
  readonly graph: Graph;
  readonly kernels: readonly string[];
}

let latest: Promise<unknown> = Promise.resolve();

/**
 * Runs a synchronous function of TensorFlow.js operations on the trace backend. The function declares the graph's ports
 * with `input` and `output`. Traces go one after the other: they share TensorFlow.js's choice of a backend.
 * @throws UntranslatedKernelError where an operation has no translation to the target
 */
export function traceGraph(target: Target, run: (trace: Trace) => void): Promise<TracedGraph> {
  const traced = latest.then(() => runTrace(new Trace(target), run));
  latest = traced.catch(() => {});
  return traced;
}

/** Leaves TensorFlow.js as it was. */
async function runTrace(trace: Trace, run: (trace: Trace) => void): Promise<TracedGraph> {
  const backend = traceBackend();
  const before = tf.getBackend();
  await tf.setBackend(TRACE_BACKEND);
  try {
    backend.during(trace, () => tf.tidy(() => run(trace)));
  } finally {
    if (before && before !== TRACE_BACKEND) await tf.setBackend(before);
  }
  return { graph: trace.graph.finish(), kernels: [...trace.kernels] };
}

/** A tensor that is an input of the graph; uint8 data are int32 to TensorFlow.js. */
export function input(trace: Trace, name: string, type: ElementType, shape: readonly number[]): tf.Tensor {
  const value = trace.value(trace.graph.input(name, type, shape), shape, { type });
  const info = traceBackend().register(value, type === 'float32' ? 'float32' : 'int32');
  return tf.engine().makeTensorFromTensorInfo(info);
}

/** Makes a tensor an output of the graph. */
export function output(trace: Trace, name: string, tensor: tf.Tensor): void {
  const value = traceBackend().valueFor(tensor);
  trace.graph.output(name, trace.natural(value), value.type, value.shape);
}
