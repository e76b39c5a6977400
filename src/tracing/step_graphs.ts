import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { maskShapes, parameterSpecs } from '../model/parameters.js';
import { evaluationStep, trainStep } from '../model/step.js';
import type { Target } from './kernels/kernel.js';
import type { Trace } from './trace.js';
import { input, output, type TracedGraph, traceGraph } from './trace_graph.js';

/** Names of the graphs' inputs and outputs; parameters have their state-dict names. */
export const ports = {
  images: 'images',
  labels: 'labels',
  mask: (layer: string) => `mask.${layer}`,
  metrics: 'metrics',
  gradient: (parameter: string) => `gradient.${parameter}`,
  losses: 'losses',
  predicted: 'predicted',
  probabilities: 'probabilities',
} as const;

/**
 * Traces the training step for batches of `batchSize`.
 * Inputs: images uint8 [batch, channels, height, width], labels int32 [batch], mask.<layer> uint8, every parameter.
 * Outputs: metrics (see readMetrics) and gradient.<parameter>, in the parameter's layout.
 * @throws UntranslatedKernelError where an operation of the model has no translation
 */
export function traceTraining(plan: Plan, batchSize: number, target: Target): Promise<TracedGraph> {
  return traceGraph(target, (trace) => {
    const { parameters, batch } = trainingInputs(trace, plan, batchSize);
    const { metrics, gradients } = trainStep(tf, plan, parameters, batch, (name) => trace.enterLayer(name));
    output(trace, ports.metrics, metrics);
    for (const [index, name] of [...parameters.keys()].entries())
      output(trace, ports.gradient(name), gradients[index]!);
    metrics.dispose();
  });
}

/** Traces the evaluation of a batch. Outputs: those of evaluationStep. */
export function traceEvaluation(plan: Plan, batchSize: number, target: Target): Promise<TracedGraph> {
  return traceGraph(target, (trace) => {
    const parameters = parameterInputs(trace, plan);
    const batch = { ...batchInputs(trace, plan, batchSize), masks: new Map<string, tf.Tensor>() };
    const { losses, predicted, probabilities } = evaluationStep(tf, plan, parameters, batch, (name) =>
      trace.enterLayer(name),
    );
    output(trace, ports.losses, losses);
    output(trace, ports.predicted, predicted);
    output(trace, ports.probabilities, probabilities);
  });
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
