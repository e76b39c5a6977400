import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../../config/resolve.js';
import { bufferSpecs, parameterSpecs, trainedSpecs } from '../../model/state_specs.js';
import { updatedState } from '../../model/tensor_update.js';
import { type UpdateGroups, updateGroups, updateScalars } from '../../model/update_groups.js';
import { optimizerEntry } from '../../registry/optimizers/index.js';
import { deviceOperators } from '../../tracing/kernels/index.js';
import type { Target } from '../../tracing/kernels/kernel.js';
import { ports } from '../../tracing/step_graphs.js';
import type { Trace } from '../../tracing/trace.js';
import { input, output, type TracedGraph, traceGraph } from '../../tracing/trace_graph.js';
import type { View } from '../../tracing/view.js';

/** Names of the ports of an update's graph besides `ports`. */
export const devicePorts = {
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
 * Traces the update, which follows a training step: on the device, and everywhere of rules that look at whole parameters.
 * Inputs: trained parameters, slot.<slot>.<parameter>, gradient.<parameter>,
 * scalar.<index of the update group>.<name> float32 [].
 * Outputs: next.<input> for every parameter and slot.
 */
export function compileUpdate(plan: Plan, target: Target = deviceOperators): Promise<TracedGraph> {
  const { optimizer } = plan.config;
  const entry = optimizerEntry(optimizer.type);
  return traceGraph(target, (trace) => {
    trace.enterLayer('update');
    const specs = [...trainedSpecs(plan)];
    const inputs = (port: (name: string) => string) =>
      new Map(specs.map(([name, { shape }]) => [name, input(trace, port(name), 'float32', shape)] as const));
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
