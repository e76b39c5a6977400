import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { bufferSpecs, inputShape, maskShapes, parameterSpecs } from '../model/state_specs.js';
import { evaluationStep, featureStep, type ModelTensors, type TrainStep, trainStep } from '../model/step.js';
import { targetShape } from '../model/targets.js';
import type { TensorSpec } from '../registry/layers/layer.js';
import type { Target } from './kernels/kernel.js';
import type { Trace } from './trace.js';
import { input, output, type TracedGraph, traceGraph } from './trace_graph.js';

/** Names of the graphs' inputs and outputs; parameters and buffers have their state-dict names. */
export const ports = {
  images: 'images',
  features: 'features',
  labels: 'labels',
  targets: 'targets',
  mask: (layer: string) => `mask.${layer}`,
  metrics: 'metrics',
  gradient: (parameter: string) => `gradient.${parameter}`,
  next: (buffer: string) => `next.${buffer}`,
  losses: 'losses',
  predicted: 'predicted',
  logits: 'logits',
  probabilities: 'probabilities',
} as const;

/**
 * Traces the training step for batches of `batchSize`.
 * Inputs: images uint8 [batch, channels, height, width] (float32 [batch, ...features] where the network reads
 * features), labels int32 [batch], targets float32 [batch, classes] where images are mixed, mask.<layer> uint8, every parameter and buffer.
 * int64 counters are int32.
 * Outputs: metrics (see readMetrics), gradient.<parameter> of the trained ones, and next.<buffer>.
 * @throws UntranslatedKernelError where an operation of the model has no translation
 */
export function traceTraining(plan: Plan, batchSize: number, target: Target): Promise<TracedGraph> {
  return traceGraph(target, (trace) => {
    const { model, batch } = trainingInputs(trace, plan, batchSize);
    const step = trainStep(tf, plan, model, batch, (name) => trace.enterLayer(name));
    outputStep(trace, model, step);
  });
}

/** Traces the evaluation of a batch. Outputs: those of evaluationStep. */
export function traceEvaluation(plan: Plan, batchSize: number, target: Target): Promise<TracedGraph> {
  return traceGraph(target, (trace) => {
    const model = modelInputs(trace, plan);
    const batch = { ...batchInputs(trace, plan, batchSize), masks: new Map<string, tf.Tensor>() };
    const { losses, predicted, logits, probabilities } = evaluationStep(tf, plan, model, batch, (name) =>
      trace.enterLayer(name),
    );
    output(trace, ports.losses, losses);
    output(trace, ports.predicted, predicted);
    output(trace, ports.logits, logits);
    output(trace, ports.probabilities, probabilities);
  });
}

/** Traces what featureStep computes. Output: features. */
export function traceFeatures(plan: Plan, batchSize: number, target: Target): Promise<TracedGraph> {
  return traceGraph(target, (trace) => {
    const model = modelInputs(trace, plan);
    const { images } = batchInputs(trace, plan, batchSize);
    const features = featureStep(tf, plan, model, images, (name) => trace.enterLayer(name));
    output(trace, ports.features, features);
  });
}

/** Makes what a training step computes the outputs of a graph; a buffer that no layer reports keeps its value. */
function outputStep(trace: Trace, model: ModelTensors, { metrics, gradients, buffers }: TrainStep): void {
  output(trace, ports.metrics, metrics);
  for (const [name, gradient] of gradients) output(trace, ports.gradient(name), gradient);
  for (const [name, buffer] of model.buffers) output(trace, ports.next(name), buffers.get(name) ?? buffer);
  tf.dispose([metrics, ...buffers.values()]);
}

/** The inputs that every training graph has. */
export function trainingInputs(trace: Trace, plan: Plan, batchSize: number) {
  const model = modelInputs(trace, plan);
  const masks = new Map(
    [...maskShapes(plan.network, batchSize)].map(([layer, shape]) => [
      layer,
      input(trace, ports.mask(layer), 'uint8', shape),
    ]),
  );
  const targets = plan.config.mixing && {
    targets: input(trace, ports.targets, 'float32', targetShape(plan, batchSize)),
  };
  return { model, batch: { ...batchInputs(trace, plan, batchSize), ...targets, masks } };
}

function batchInputs(trace: Trace, plan: Plan, batchSize: number) {
  const type = plan.network.reads === 'images' ? 'uint8' : 'float32';
  return {
    images: input(trace, ports.images, type, inputShape(plan, batchSize)),
    labels: input(trace, ports.labels, 'int32', [batchSize]),
  };
}

/** Tensors that the graph does not use stay inputs: every graph of a model is fed alike. */
function modelInputs(trace: Trace, plan: Plan): ModelTensors {
  const inputs = (specs: ReadonlyMap<string, TensorSpec>) =>
    new Map(
      [...specs].map(([name, { shape, dtype }]) => [
        name,
        input(trace, name, dtype === 'int64' ? 'int32' : 'float32', shape),
      ]),
    );
  return { parameters: inputs(parameterSpecs(plan.network)), buffers: inputs(bufferSpecs(plan.network)) };
}
