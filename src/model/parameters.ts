import { allLayers, type Network } from '../config/network.js';
import type { TensorSpec } from '../registry/layers/layer.js';

/** All trained tensors by their names in PyTorch's state dict: `inception1.conv3x3.weight`. */
export function parameterSpecs(network: Network): ReadonlyMap<string, TensorSpec> {
  const specs = new Map<string, TensorSpec>();
  for (const layer of allLayers(network)) {
    for (const spec of layer.tensors) specs.set(`${layer.name}.${spec.name}`, spec);
  }
  return specs;
}

/** Shapes of the dropout masks that a training step of `batchSize` images reads, by layer name. */
export function maskShapes(network: Network, batchSize: number): ReadonlyMap<string, readonly number[]> {
  const dropping = allLayers(network).filter((layer) => layer.mask !== null);
  return new Map(dropping.map((layer) => [layer.name, [batchSize, ...layer.mask!.shape]]));
}
