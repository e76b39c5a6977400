import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../../config/resolve.js';
import { type Clipping, clipTensors } from '../../model/clipping.js';
import { bufferSpecs, parameterSpecs, trainedSpecs } from '../../model/state_specs.js';
import { updatedState } from '../../model/tensor_update.js';
import { type UpdateGroups, updateGroups, updateScalars } from '../../model/update_groups.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import { deviceOperators } from '../../tracing/kernels/index.js';
import { ports } from '../../tracing/step_graphs.js';
import type { Trace } from '../../tracing/trace.js';
import { input, output, type TracedGraph, traceGraph } from '../../tracing/trace_graph.js';
import type { View } from '../../tracing/view.js';

/** Names of the ports of these graphs besides `ports`. */
export const devicePorts = {
  norm: 'norm',
  share: 'share',
  before: (gradient: string) => `before.${gradient}`,
  slot: (slot: string, parameter: string) => `slot.${slot}.${parameter}`,
  scalar: (group: number, name: string) => `scalar.${group}.${name}`,
} as const;

type PortType = Pick<View, 'type' | 'shape'>;

/** Everything that lies on the device, by the name of the graphs' input: parameters, buffers and slots. */
export function statePorts(plan: Plan): Map<string, PortType> {
  const port = ([name, { shape, dtype }]: readonly [string, { shape: readonly number[]; dtype: string }]) =>
    [name, { type: dtype === 'int64' ? 'int32' : 'float32', shape }] as const;
  return new Map<string, PortType>([
    ...[...parameterSpecs(plan.network)].map(port),
    ...[...bufferSpecs(plan.network)].map(port),
    ...slotPorts(plan),
  ]);
}

/** The part of `statePorts` that an update changes. */
export function updatedPorts(plan: Plan): Map<string, PortType> {
  const trained = [...trainedSpecs(plan)].map(
    ([name, { shape }]) => [name, { type: 'float32', shape }] as const,
  );
  return new Map<string, PortType>([...trained, ...slotPorts(plan)]);
}

function slotPorts(plan: Plan): [string, PortType][] {
  const { optimizer } = plan.config;
  const trained = [...trainedSpecs(plan)];
  return optimizerEntry(optimizer.type)
    .slots(optimizer)
    .flatMap((slot) =>
      trained.map(([name, { shape }]): [string, PortType] => [
        devicePorts.slot(slot, name),
        { type: 'float32', shape },
      ]),
    );
}

/**
 * Traces the update, which follows a training step on the device.
 * Inputs: trained parameters, slot.<slot>.<parameter>, gradient.<parameter>,
 * scalar.<index of the update group>.<name> float32 [].
 * Outputs: next.<input> for every parameter and slot.
 */
export function compileUpdate(plan: Plan): Promise<TracedGraph> {
  const { optimizer } = plan.config;
  const entry = optimizerEntry(optimizer.type);
  return traceGraph(deviceOperators, (trace) => {
    trace.enterLayer('update');
    const inputs = (port: (name: string) => string) => trainedInputs(trace, plan, port);
    const parameters = inputs((name) => name);
    const slots = new Map(
      entry.slots(optimizer).map((slot) => [slot, inputs((name) => devicePorts.slot(slot, name))] as const),
    );
    const gradients = inputs(ports.gradient);
    const groups = updateGroups(plan);
    const next = updatedState(tf, groups, { parameters, slots }, gradients, scalarInputs(trace, groups));
    for (const [name, tensor] of next.parameters) output(trace, ports.next(name), tensor);
    for (const [slot, tensors] of next.slots)
      for (const [name, tensor] of tensors) output(trace, ports.next(devicePorts.slot(slot, name)), tensor);
  });
}

/**
 * Traces the clipping of gradients. Inputs: gradient.<parameter>, trained parameters.
 * Outputs: next.gradient.<parameter>, norm (of all gradients, before).
 */
export function compileClipping(plan: Plan, clipping: Clipping): Promise<TracedGraph> {
  return traceGraph(deviceOperators, (trace) => {
    trace.enterLayer('clip');
    const gradients = trainedInputs(trace, plan, ports.gradient);
    const parameters = trainedInputs(trace, plan, (name) => name);
    const clipped = clipTensors(tf, clipping, gradients, parameters);
    output(trace, devicePorts.norm, clipped.norm);
    outputGradients(trace, clipped.gradients);
  });
}

/**
 * Traces what joins the gradients of a part to those of the parts before it. Inputs: gradient.<parameter>, share (a scalar)
 * and, for a part that is not the first, before.gradient.<parameter>. Outputs: next.gradient.<parameter>.
 */
export function compileAddition(plan: Plan, first: boolean): Promise<TracedGraph> {
  return traceGraph(deviceOperators, (trace) => {
    trace.enterLayer('accumulate');
    const share = input(trace, devicePorts.share, 'float32', []);
    const before = (name: string) => devicePorts.before(ports.gradient(name));
    const earlier = first ? new Map<string, tf.Tensor>() : trainedInputs(trace, plan, before);
    const gradients = [...trainedInputs(trace, plan, ports.gradient)].map(([name, gradient]) => {
      const weighed = tf.mul(gradient, share);
      return [name, first ? weighed : tf.add(earlier.get(name)!, weighed)] as const;
    });
    outputGradients(trace, new Map(gradients));
  });
}

/** An input for each trained parameter. */
function trainedInputs(trace: Trace, plan: Plan, port: (name: string) => string): Map<string, tf.Tensor> {
  return new Map(
    [...trainedSpecs(plan)].map(([name, { shape }]) => [name, input(trace, port(name), 'float32', shape)]),
  );
}

function outputGradients(trace: Trace, gradients: ReadonlyMap<string, tf.Tensor>): void {
  for (const [name, gradient] of gradients) output(trace, ports.next(ports.gradient(name)), gradient);
}

/** A graph that returns its inputs as next.<input>: by it, tensors move between host and device. */
export function compileTransfer(tensors: ReadonlyMap<string, PortType>): Promise<TracedGraph> {
  return traceGraph(deviceOperators, (trace) => {
    for (const [name, { type, shape }] of tensors)
      output(trace, ports.next(name), input(trace, name, type, shape));
  });
}

function scalarInputs(trace: Trace, groups: UpdateGroups): Record<string, tf.Tensor>[] {
  return updateScalars(groups, { learningRate: 0, step: 1 }).map((scalars, group) =>
    Object.fromEntries(
      Object.keys(scalars).map((name) => [
        name,
        input(trace, devicePorts.scalar(group, name), 'float32', []),
      ]),
    ),
  );
}
