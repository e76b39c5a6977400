import type { Plan } from '../config/resolve.js';
import type { Batch, Evaluation, Masks } from '../model/program.js';
import { inputShape, maskShapes } from '../model/state_specs.js';
import { batchTargets, targetShape } from '../model/targets.js';
import { ports } from '../tracing/step_graphs.js';
import type { View } from '../tracing/view.js';

type NamedView = readonly [name: string, view: View];

/** The inputs of every graph that reads a batch. */
export function batchViews(plan: Plan, { size, images, labels }: Batch): NamedView[] {
  const type = images instanceof Uint8Array ? 'uint8' : 'float32';
  return [
    [ports.images, { type, shape: inputShape(plan, size), data: images }],
    [ports.labels, { type: 'int32', shape: [size], data: labels }],
  ];
}

/** A training graph's further input where the plan mixes images. */
export function targetViews(plan: Plan, batch: Batch): NamedView[] {
  const data = batchTargets(plan, batch);
  return data ? [[ports.targets, { type: 'float32', shape: targetShape(plan, batch.size), data }]] : [];
}

export function maskViews(plan: Plan, batch: Batch, masks: Masks): NamedView[] {
  const shapes = maskShapes(plan.network, batch.size);
  return [...masks].map(([layer, data]) => [
    ports.mask(layer),
    { type: 'uint8', shape: shapes.get(layer)!, data },
  ]);
}

/**
 * The batch with further images, all zeros, up to `size`: what is compiled for one batch size evaluates smaller batches, too.
 * Images have no influence on each other, so that each comes out as in a full batch, to the bit.
 */
export function padded(batch: Batch, size: number): Batch {
  if (batch.size === size) return batch;
  const length = (batch.images.length / batch.size) * size;
  const images = batch.images instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
  images.set(batch.images);
  const labels = new Int32Array(size);
  labels.set(batch.labels);
  return { size, images, labels };
}

/** Copies what an evaluation graph returns of the first `count` images. */
export function readEvaluation(output: (name: string) => Pick<View, 'data'>, count: number): Evaluation {
  const losses = output(ports.losses).data as Float32Array;
  const classes = output(ports.logits).data.length / losses.length;
  const perClass = (port: string) => (output(port).data as Float32Array).slice(0, classes * count);
  return {
    losses: losses.slice(0, count),
    predicted: (output(ports.predicted).data as Int32Array).slice(0, count),
    logits: perClass(ports.logits),
    probabilities: perClass(ports.probabilities),
  };
}
