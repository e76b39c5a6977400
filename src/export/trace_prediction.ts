import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import type { Weights } from '../model/program.js';
import { predictionStep } from '../model/step.js';
import { isCounter, type NamedTensor, type StateTensor } from '../storage/safetensors.js';
import { traceBackend } from '../tracing/backend.js';
import type { Graph } from '../tracing/graph.js';
import type { Target } from '../tracing/kernels/kernel.js';
import { ports } from '../tracing/step_graphs.js';
import type { Trace } from '../tracing/trace.js';
import { output, traceGraph } from '../tracing/trace_graph.js';
import { withDynamicBatch } from './dynamic_batch.js';

/** Outputs of an exported model, both float32 [batch, classes]. */
export const predictionPorts = { logits: 'logits', probabilities: ports.probabilities } as const;

/**
 * Traces the use of a trained model, from pixels to probabilities, with its parameters and buffers inside of the graph under their
 * state-dict names, for batches of any size.
 * @param images declares the graph's input, for ANY_BATCH images, and returns them as [batch, channels, height, width]
 */
export async function tracePrediction(
  target: Target,
  plan: Plan,
  weights: Weights,
  images: (trace: Trace) => tf.Tensor,
): Promise<Graph> {
  const { graph } = await traceGraph(target, (trace) => {
    const pixels = images(trace);
    const floats = (named: ReadonlyMap<string, StateTensor>) =>
      new Map(
        [...named].flatMap(([name, tensor]) =>
          // A counter has no say in a prediction.
          isCounter(tensor) ? [] : [[name, constantTensor(trace, name, tensor)] as const],
        ),
      );
    const model = { parameters: floats(weights.parameters), buffers: floats(weights.buffers) };
    const step = predictionStep(tf, plan, model, pixels, (name) => trace.enterLayer(name));
    output(trace, predictionPorts.logits, step.logits);
    output(trace, predictionPorts.probabilities, step.probabilities);
  });
  return withDynamicBatch(graph);
}

function constantTensor(trace: Trace, name: string, { data, shape }: NamedTensor): tf.Tensor {
  const value = trace.value(trace.graph.initializer(name, data, shape), shape);
  return tf.engine().makeTensorFromTensorInfo(traceBackend().register(value, 'float32'));
}

/** An exported model, opened as its users will. */
export interface OpenedExport {
  /** @param images uint8 [size, channels, height, width]; @returns float32 [size, classes] */
  probabilities(images: Uint8Array, size: number): Promise<Float32Array>;
  release(): Promise<void>;
}
