import { allLayers } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { fillBernoulli, randomStream } from '../random.js';
import { elements } from '../shape.js';
import { maskShapes } from './state_specs.js';

/** Masks as `Masks`, each with memory of its own. */
export type DrawnMasks = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

/**
 * Dropout masks of a training step. Each element depends on (seed, layer, epoch, position of the image in the epoch)
 * alone, so that a resumed run drops what the uninterrupted one would have dropped.
 * @param first position in the epoch of the batch's first image
 */
export function drawMasks(plan: Plan, epoch: number, first: number, batchSize: number): DrawnMasks {
  const shapes = maskShapes(plan.network, batchSize);
  const masks = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const { name, mask } of allLayers(plan.network)) {
    if (mask === null) continue;
    const values = new Uint8Array(elements(shapes.get(name)!));
    const stream = randomStream(plan.config.seed, `dropout.${name}`, epoch);
    fillBernoulli(values, stream, (first * values.length) / batchSize, mask.keepProbability);
    masks.set(name, values);
  }
  return masks;
}
