import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { isAddressable } from '../engines/onnxruntime/executable.js';
import { type Partition, partition } from '../engines/onnxruntime/partition.js';
import { maskShapes, parameterSpecs } from '../model/parameters.js';
import { evaluationStep, trainStep } from '../model/step.js';
import { TRACE_BACKEND, traceBackend } from './backend.js';
import type { ElementType } from './graph.js';
import { type Lowering, Trace } from './trace.js';

/** An ONNX model, the number of its nodes, and the TensorFlow.js kernels that they translate. */
export interface CompiledGraph {
  readonly model: Uint8Array;
  readonly nodes: number;
  readonly kernels: readonly string[];
}

/** Names of the graphs' inputs and outputs; parameters have their state-dict names. */
export const ports = {
  images: 'images',
  labels: 'labels',
  mask: (layer: string) => `mask.${layer}`,
  metrics: 'metrics',
  gradient: (parameter: string) => `gradient.${parameter}`,
  losses: 'losses',
  predicted: 'predicted',
  logits: 'logits',
  probabilities: 'probabilities',
} as const;

/**
 * Traces the training step for batches of `batchSize`.
 * Inputs: images uint8 [batch, channels, height, width], labels int32 [batch], mask.<layer> uint8, every parameter.
 * Outputs: metrics (see readMetrics) and gradient.<parameter>, in the parameter's layout.
 * @throws UntranslatedKernelError where an operation of the model has no translation
 */
export function compileTraining(plan: Plan, batchSize: number, lowering?: Lowering): Promise<CompiledGraph> {
  return traceGraph(training(plan, batchSize), lowering);
}

/** `compileTraining`, for an Executable; see `partitionGraph`. */
export function partitionTraining(plan: Plan, batchSize: number): Promise<Partition> {
  return partitionGraph(training(plan, batchSize));
}

function training(plan: Plan, batchSize: number): (trace: Trace) => void {
  return (trace) => {
    const { parameters, batch } = trainingInputs(trace, plan, batchSize);
    const { metrics, gradients } = trainStep(tf, plan, parameters, batch, (name) => trace.enterLayer(name));
    output(trace, ports.metrics, metrics);
    for (const [index, name] of [...parameters.keys()].entries())
      output(trace, ports.gradient(name), gradients[index]!);
    metrics.dispose();
  };
}

/** Traces the evaluation of a batch. Outputs: those of evaluationStep. */
export function compileEvaluation(
  plan: Plan,
  batchSize: number,
  lowering?: Lowering,
): Promise<CompiledGraph> {
  return traceGraph(evaluation(plan, batchSize), lowering);
}

/** `compileEvaluation`, for an Executable; see `partitionGraph`. */
export function partitionEvaluation(plan: Plan, batchSize: number): Promise<Partition> {
  return partitionGraph(evaluation(plan, batchSize));
}

function evaluation(plan: Plan, batchSize: number): (trace: Trace) => void {
  return (trace) => {
    const parameters = parameterInputs(trace, plan);
    const batch = { ...batchInputs(trace, plan, batchSize), masks: new Map<string, tf.Tensor>() };
    const { losses, predicted, logits, probabilities } = evaluationStep(tf, plan, parameters, batch, (name) =>
      trace.enterLayer(name),
    );
    output(trace, ports.losses, losses);
    output(trace, ports.predicted, predicted);
    output(trace, ports.logits, logits);
    output(trace, ports.probabilities, probabilities);
  };
}

let latest: Promise<unknown> = Promise.resolve();

/**
 * Runs a synchronous function of TensorFlow.js operations on the trace backend. The function declares the graph's ports
 * with `input` and `output`. Traces go one after the other: they share TensorFlow.js's choice of a backend.
 */
export function traceGraph(
  run: (trace: Trace) => void,
  lowering: Lowering = 'operators',
): Promise<CompiledGraph> {
  return withTrace(run, lowering, ({ graph, kernels }) => ({
    model: graph.encode(),
    nodes: graph.size,
    kernels: [...kernels],
  }));
}

/**
 * `traceGraph`, cut at the operations that gnet computes itself; as one part where their memory would be larger than
 * WebAssembly can address.
 */
export async function partitionGraph(run: (trace: Trace) => void): Promise<Partition> {
  const parts = await withTrace(run, 'host', cut);
  return isAddressable(parts) ? parts : withTrace(run, 'operators', cut);
}

function cut({ graph }: Trace): Partition {
  return partition(graph.finish(), (name) => graph.port(name));
}

function withTrace<T>(run: (trace: Trace) => void, lowering: Lowering, use: (trace: Trace) => T): Promise<T> {
  const used = latest.then(() => traceStep(run, lowering)).then(use);
  latest = used.catch(() => {});
  return used;
}

/** Leaves TensorFlow.js as it was. */
async function traceStep(run: (trace: Trace) => void, lowering: Lowering): Promise<Trace> {
  const backend = traceBackend();
  const before = tf.getBackend();
  await tf.setBackend(TRACE_BACKEND);
  const trace = new Trace(lowering);
  try {
    backend.during(trace, () => tf.tidy(() => run(trace)));
  } finally {
    if (before && before !== TRACE_BACKEND) await tf.setBackend(before);
  }
  return trace;
}

/** The inputs that every training graph has. */
export function trainingInputs(trace: Trace, plan: Plan, batchSize: number) {
  const parameters = parameterInputs(trace, plan);
  const masks = new Map(
    [...maskShapes(plan.network, batchSize)].map(([layer, shape]) => [
      layer,
      input(trace, ports.mask(layer), 'uint8', shape),
    ]),
  );
  return { parameters, batch: { ...batchInputs(trace, plan, batchSize), masks } };
}

function batchInputs(trace: Trace, plan: Plan, batchSize: number) {
  const { channels, height, width } = plan.dataset.image;
  return {
    images: input(trace, ports.images, 'uint8', [batchSize, channels, height, width]),
    labels: input(trace, ports.labels, 'int32', [batchSize]),
  };
}

/** Parameters that the graph does not use stay inputs: every graph of a model is fed alike. */
function parameterInputs(trace: Trace, plan: Plan): Map<string, tf.Tensor> {
  return new Map(
    [...parameterSpecs(plan.network)].map(([name, { shape }]) => [
      name,
      input(trace, name, 'float32', shape),
    ]),
  );
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
