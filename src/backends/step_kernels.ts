import * as tf from '@tensorflow/tfjs';
import type { Plan } from '../config/resolve.js';
import { type Clipping, clippingOf, clipTensors } from '../model/clipping.js';
import { updatedState } from '../model/tensor_update.js';
import { type UpdateGroup, updateGroups } from '../model/update_groups.js';
import { optimizerEntry } from '../registry/optimizers/index.js';
import { onnxOperators } from '../tracing/kernels/index.js';
import { traceEvaluation, traceTraining } from '../tracing/step_graphs.js';
import { input, traceGraph } from '../tracing/trace_graph.js';

const BATCH_SIZE = 2;

/**
 * Names of the TensorFlow.js kernels that a plan's training step, clipping, update and evaluation call, sorted. They are found by
 * tracing: nothing is computed, and every backend is asked for the same ones.
 * @throws UntranslatedKernelError where the step has a kernel that the tracer does not know
 */
export async function stepKernels(plan: Plan): Promise<string[]> {
  const graphs = [
    await traceTraining(plan, BATCH_SIZE, onnxOperators),
    await traceEvaluation(plan, BATCH_SIZE, onnxOperators),
  ];
  for (const group of updateGroups(plan)) graphs.push(await traceUpdate(group));
  const clipping = clippingOf(plan);
  if (clipping) graphs.push(await traceClipping(clipping));
  return [...new Set(graphs.flatMap(({ kernels }) => kernels))].toSorted();
}

function traceClipping(clipping: Clipping) {
  return traceGraph(onnxOperators, (trace) => {
    const value = (name: string) => new Map([['parameter', input(trace, name, 'float32', [2, 3])]]);
    clipTensors(tf, clipping, value('gradient'), value('parameter'));
  });
}

/** The update of one small parameter: that of every other one of its group has the same kernels. */
function traceUpdate({ optimizer, learningRateFactor }: UpdateGroup) {
  const { slots, scalars } = optimizerEntry(optimizer.type);
  return traceGraph(onnxOperators, (trace) => {
    const value = (name: string, shape = [2, 3]) => input(trace, name, 'float32', shape);
    const named = (names: readonly string[], make: (name: string) => tf.Tensor) =>
      names.map((name) => [name, make(name)] as const);
    const state = {
      parameters: new Map([['parameter', value('parameter')]]),
      slots: new Map(named(slots(optimizer), value).map(([slot, x]) => [slot, new Map([['parameter', x]])])),
    };
    const factors = named(Object.keys(scalars(optimizer, 0.1, 1)), (name) => value(name, []));
    updatedState(
      tf,
      [{ parameters: ['parameter'], optimizer, learningRateFactor }],
      state,
      new Map([['parameter', value('gradient')]]),
      [Object.fromEntries(factors)],
    );
  });
}
