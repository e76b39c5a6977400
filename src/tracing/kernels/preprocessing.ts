import type { ImageChange } from '../../model/preprocess.js';
import type { Trace } from '../trace.js';
import { CHANNELS_FIRST, type Value } from '../value.js';

/**
 * Resizing and normalizing of images, logical [batch, channels, height, width], to [batch, height, width, channels], by
 * a kernel of gnet's own.
 * @returns undefined where the graph is not cut at such kernels, or the images are not bytes
 */
export function resizeAndNormalize(trace: Trace, images: Value, change: ImageChange): Value | undefined {
  if (!trace.target.customOperations || images.type !== 'uint8') return undefined;
  const { height, width, scale, shift } = change;
  const [batch, channels] = images.shape as [number, number, number, number];
  const name = trace.graph.customNode('ResizeAndNormalize', [trace.natural(images)], { scale, shift });
  return trace.value(name, [batch, height, width, channels], { order: CHANNELS_FIRST });
}
