import * as ort from 'onnxruntime-node';
import type { Plan } from '../config/resolve.js';
import { maskShapes } from '../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks } from '../model/program.js';
import { ports } from './compile.js';

export type Tensors = Readonly<Record<string, ort.Tensor>>;

/** The inputs of every graph that reads a batch. */
export function batchFeeds(plan: Plan, batch: HostBatch): Tensors {
  const { channels, height, width } = plan.dataset.image;
  return {
    [ports.images]: new ort.Tensor('uint8', batch.images, [batch.size, channels, height, width]),
    [ports.labels]: new ort.Tensor('int32', batch.labels, [batch.size]),
  };
}

export function maskFeeds(plan: Plan, batch: HostBatch, masks: HostMasks): Tensors {
  const shapes = maskShapes(plan.network, batch.size);
  return Object.fromEntries(
    [...masks].map(([layer, mask]) => [ports.mask(layer), new ort.Tensor('uint8', mask, shapes.get(layer)!)]),
  );
}

/** What an evaluation graph returns. */
export function readEvaluation(results: Tensors): Evaluation {
  return {
    losses: results[ports.losses]!.data as Float32Array,
    predicted: results[ports.predicted]!.data as Int32Array,
    probabilities: results[ports.probabilities]!.data as Float32Array,
  };
}
