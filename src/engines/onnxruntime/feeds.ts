import * as ort from 'onnxruntime-node';
import type { Plan } from '../../config/resolve.js';
import { maskShapes } from '../../model/parameters.js';
import type { Evaluation, HostBatch, HostMasks } from '../../model/program.js';
import { ports } from '../../tracing/compile.js';
import type { Tensors } from './executable.js';

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

/** Copies what an evaluation graph returns. */
export function readEvaluation(value: (output: string) => ort.Tensor): Evaluation {
  return {
    losses: (value(ports.losses).data as Float32Array).slice(),
    predicted: (value(ports.predicted).data as Int32Array).slice(),
    logits: (value(ports.logits).data as Float32Array).slice(),
    probabilities: (value(ports.probabilities).data as Float32Array).slice(),
  };
}
