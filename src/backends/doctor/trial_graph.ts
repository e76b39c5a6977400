import type { Tf } from '../../registry/schema.js';
import type { Graph } from '../../tracing/graph.js';
import { primitiveOperations } from '../../tracing/kernels/index.js';
import { input, output, traceGraph } from '../../tracing/trace_graph.js';
import type { View } from '../../tracing/view.js';
import { TRIAL_INPUTS, trial } from './trial.js';

/** The trial as a graph for an engine of primitives, and its inputs; its output is `result`. */
export async function traceTrial(tf: Tf): Promise<{ graph: Graph; inputs: Map<string, View> }> {
  const { graph } = await traceGraph(primitiveOperations, (trace) => {
    const given = (name: keyof typeof TRIAL_INPUTS) =>
      input(trace, name, 'float32', TRIAL_INPUTS[name].shape);
    const [image, filter, matrix] = [given('image'), given('filter'), given('matrix')];
    output(trace, 'result', trial(tf, { image, filter, matrix }));
  });
  const inputs = new Map(
    Object.entries(TRIAL_INPUTS).map(([name, { shape, values }]): [string, View] => [
      name,
      { type: 'float32', shape, data: Float32Array.from(values) },
    ]),
  );
  return { graph, inputs };
}
