import type { Plan } from '../config/resolve.js';
import type { Batch, Evaluation, Masks } from '../model/program.js';
import { maskShapes } from '../model/state_specs.js';
import { ports } from '../tracing/step_graphs.js';
import type { View } from '../tracing/view.js';

type NamedView = readonly [name: string, view: View];

/** The inputs of every graph that reads a batch. */
export function batchViews(plan: Plan, { size, images, labels }: Batch): NamedView[] {
  const { channels, height, width } = plan.dataset.image;
  return [
    [ports.images, { type: 'uint8', shape: [size, channels, height, width], data: images }],
    [ports.labels, { type: 'int32', shape: [size], data: labels }],
  ];
}

export function maskViews(plan: Plan, batch: Batch, masks: Masks): NamedView[] {
  const shapes = maskShapes(plan.network, batch.size);
  return [...masks].map(([layer, data]) => [
    ports.mask(layer),
    { type: 'uint8', shape: shapes.get(layer)!, data },
  ]);
}

/** Copies what an evaluation graph returns. */
export function readEvaluation(output: (name: string) => View): Evaluation {
  return {
    losses: (output(ports.losses).data as Float32Array).slice(),
    predicted: (output(ports.predicted).data as Int32Array).slice(),
    probabilities: (output(ports.probabilities).data as Float32Array).slice(),
  };
}
