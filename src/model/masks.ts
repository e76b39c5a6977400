import { allLayers } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { randomStream } from '../random.js';
import type { Masks } from './program.js';
import { maskShapes } from './state_specs.js';

/**
 * Dropout masks of a training step. Each element depends on (seed, layer, epoch, position of the image in the epoch)
 * alone, so that a resumed run drops what the uninterrupted one would have dropped.
 * @param first position in the epoch of the batch's first image
 */
export function drawMasks(plan: Plan, epoch: number, first: number, batchSize: number): Masks {
  const shapes = maskShapes(plan.network, batchSize);
  const masks = new Map<string, Uint8Array>();
  for (const { name, mask } of allLayers(plan.network)) {
    if (mask === null) continue;
    const size = shapes.get(name)!.reduce((product, dimension) => product * dimension, 1);
    const stream = randomStream(plan.config.seed, `dropout.${name}`, epoch);
    const offset = (first * size) / batchSize;
    masks.set(
      name,
      Uint8Array.from({ length: size }, (_, index) =>
        stream.uniform(offset + index) < mask.keepProbability ? 1 : 0,
      ),
    );
  }
  return masks;
}
