import type { Tensor } from '@tensorflow/tfjs';
import type { PlannedLayer, PlannedStack } from '../config/network.js';
import { convolution } from '../registry/layers/conv.js';
import { areSideBySide, type Convolution, forwardSideBySide } from '../registry/layers/convolution.js';
import type { Tf } from '../registry/schema.js';

interface Head {
  readonly layer: PlannedLayer;
  readonly operation: Convolution;
}

/**
 * Outputs of those layers at the head of the stacks that are computed together: convolutions of the one input `x` that
 * differ in their filters alone.
 */
export function sideBySide(
  tf: Tf,
  stacks: readonly PlannedStack[],
  tensorsOf: (layer: PlannedLayer) => (name: string) => Tensor,
  x: Tensor,
): ReadonlyMap<PlannedLayer, Tensor> {
  const groups: Head[][] = [];
  for (const { layers } of stacks) {
    const [layer] = layers;
    if (layer?.options.type !== 'conv') continue;
    const operation = convolution(layer.options);
    const group = groups.find(([first]) => areSideBySide(first!.operation, operation));
    if (group) group.push({ layer, operation });
    else groups.push([{ layer, operation }]);
  }
  const outputs = new Map<PlannedLayer, Tensor>();
  for (const [first, second, ...others] of groups) {
    if (!first || !second) continue;
    const heads = [first, second, ...others];
    const tensors = heads.map(({ layer }) => tensorsOf(layer));
    const results = forwardSideBySide(tf, first.operation, tensors, x);
    for (const [index, { layer }] of heads.entries()) outputs.set(layer, results[index]!);
  }
  return outputs;
}
