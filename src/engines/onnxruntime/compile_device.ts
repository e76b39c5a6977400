import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../../config/resolve.js';
import { parameterSpecs } from '../../model/parameters.js';
import { trainStep } from '../../model/step.js';
import { updatedState } from '../../model/tensor_update.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import { deviceOperators } from '../../tracing/kernels/index.js';
import { ports, trainingInputs } from '../../tracing/step_graphs.js';
import type { Trace } from '../../tracing/trace.js';
import { input, output, type TracedGraph, traceGraph } from '../../tracing/trace_graph.js';

/** Names of the ports that graphs with the update inside have besides `ports`. */
export const devicePorts = {
  slot: (slot: string, parameter: string) => `slot.${slot}.${parameter}`,
  scalar: (name: string) => `scalar.${name}`,
  next: (state: string) => `next.${state}`,
} as const;

/** Shapes of everything that training changes, by the name of the graphs' input: parameters and slots. */
export function stateShapes({ network, config: { optimizer } }: Plan): Map<string, readonly number[]> {
  const shapes = [...parameterSpecs(network)].map(([name, { shape }]) => [name, shape] as const);
  const slots = optimizerEntry(optimizer.type).slots(optimizer);
  return new Map([
    ...shapes,
    ...slots.flatMap((slot) => shapes.map(([name, shape]) => [devicePorts.slot(slot, name), shape] as const)),
  ]);
}

/**
 * Traces the training step and the update that follows: nothing of the state has to leave the device.
 * Inputs: those of compileTraining, slot.<slot>.<parameter> and scalar.<name> float32 [].
 * Outputs: metrics (see readMetrics) and next.<input> for every parameter and slot.
 * @throws UntranslatedKernelError where an operation of the model has no translation
 */
export function compileDeviceTraining(plan: Plan, batchSize: number): Promise<TracedGraph> {
  return traceGraph(deviceOperators, (trace) => {
    const { parameters, batch } = trainingInputs(trace, plan, batchSize);
    const slots = slotInputs(trace, plan, parameters);
    const scalars = scalarInputs(trace, plan);
    const { metrics, gradients } = trainStep(tf, plan, parameters, batch, (name) => trace.enterLayer(name));
    trace.enterLayer('update');
    const next = updatedState(tf, plan.config.optimizer, { parameters, slots }, gradients, scalars);
    output(trace, ports.metrics, metrics);
    for (const [name, tensor] of next.parameters) output(trace, devicePorts.next(name), tensor);
    for (const [slot, tensors] of next.slots) {
      for (const [name, tensor] of tensors)
        output(trace, devicePorts.next(devicePorts.slot(slot, name)), tensor);
    }
    metrics.dispose();
  });
}

/** A graph that returns its inputs as next.<input>: by it, state moves between host and device. */
export function compileTransfer(plan: Plan): Promise<TracedGraph> {
  return traceGraph(deviceOperators, (trace) => {
    for (const [name, shape] of stateShapes(plan))
      output(trace, devicePorts.next(name), input(trace, name, 'float32', shape));
  });
}

function slotInputs(trace: Trace, plan: Plan, parameters: ReadonlyMap<string, tf.Tensor>) {
  const { optimizer } = plan.config;
  return new Map(
    optimizerEntry(optimizer.type)
      .slots(optimizer)
      .map((slot) => [
        slot,
        new Map(
          [...parameters].map(([name, { shape }]) => [
            name,
            input(trace, devicePorts.slot(slot, name), 'float32', shape),
          ]),
        ),
      ]),
  );
}

function scalarInputs(trace: Trace, plan: Plan): Record<string, tf.Tensor> {
  const { optimizer } = plan.config;
  const names = Object.keys(optimizerEntry(optimizer.type).scalars(optimizer, 0, 1));
  return Object.fromEntries(
    names.map((name) => [name, input(trace, devicePorts.scalar(name), 'float32', [])]),
  );
}
