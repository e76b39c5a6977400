import { allLayers, type Network } from '../config/network.js';
import type { ParameterSpec } from '../registry/layers/layer.js';

/** All trained tensors by their names in PyTorch's state dict: `inception1.conv3x3.weight`. */
export function parameterSpecs(network: Network): ReadonlyMap<string, ParameterSpec> {
  const specs = new Map<string, ParameterSpec>();
  for (const layer of allLayers(network)) {
    for (const spec of layer.parameters) specs.set(`${layer.name}.${spec.name}`, spec);
  }
  return specs;
}

/** Shapes of the dropout masks that a training step of `batchSize` images reads, by layer name. */
export function maskShapes(network: Network, batchSize: number): ReadonlyMap<string, readonly number[]> {
  const dropping = allLayers(network).filter((layer) => layer.keep !== null);
  return new Map(dropping.map((layer) => [layer.name, [batchSize, ...layer.output]]));
}
