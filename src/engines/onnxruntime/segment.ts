import type { Graph, Port } from '../../tracing/graph.js';
import type { View } from '../../tracing/view.js';
import { EngineError } from '../engine_error.js';
import { encodeModel } from './encode.js';
import type { EngineOptions } from './engine.js';
import type * as ort from './onnxruntime.js';
import { openSession } from './sessions.js';
import { tensorOf } from './tensors.js';

/**
 * onnxruntime-node 1.30 writes each output into the tensor that it is given and then copies all of them into fresh memory
 * for the object that it returns: 0.4 ms a MiB, a sixth of the step of a large model. It stops at the first output that
 * JavaScript cannot have, such as this one, an empty sequence. (Later versions return outputs without copies.)
 */
const NO_COPIES = 'no copies';

/** A part of a graph that a session of ONNX Runtime runs. */
export interface LoadedSegment {
  readonly session: ort.InferenceSession;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Whether NO_COPIES is its first output. */
  readonly isCopyless: boolean;
}

/** @param graph operators of ONNX alone */
export async function loadSegment(
  graph: Graph,
  { executionProviders, threads, device }: EngineOptions,
): Promise<LoadedSegment> {
  const session = await openSession(encodeModel(graph, device ? undefined : NO_COPIES), {
    executionProviders: [...executionProviders],
    intraOpNumThreads: threads,
    // Each session has threads of its own; those of one must not spin while another one runs.
    extra: { session: { force_spinning_stop: '1' } },
  });
  const names = (ports: readonly Port[]) => ports.map(({ name }) => name);
  return { session, inputs: names(graph.inputs), outputs: names(graph.outputs), isCopyless: !device };
}

/** Runs a session, which writes to the values of its outputs. */
export async function runSegment(
  { session, inputs, outputs, isCopyless }: LoadedSegment,
  value: (name: string) => View,
): Promise<void> {
  const feeds: Record<string, ort.Tensor> = {};
  for (const name of inputs) feeds[name] = tensorOf(value(name));
  // ONNX Runtime makes an output that is null; the type of `fetches` does not know that.
  const fetches: Record<string, ort.Tensor | null> = isCopyless ? { [NO_COPIES]: null } : {};
  for (const name of outputs) fetches[name] = tensorOf(value(name));
  try {
    await session.run(feeds, fetches as ort.InferenceSession.FetchesType);
  } catch (error) {
    if (!(isCopyless && (error as Error).message.startsWith('Non tensor type'))) throw new EngineError(error);
  }
}
