import { allLayers, type Network, type PlannedLayer } from '../config/network.js';
import type { Plan } from '../config/resolve.js';
import { OWN_NAME, type TensorSpec, tensorName } from '../registry/layers/layer.js';

type Specs = ReadonlyMap<string, TensorSpec>;

/** All tensors of a model by their names in PyTorch's state dict, in its order: `inception1.conv3x3.weight`. */
export function stateSpecs(network: Network): Specs {
  const specs: [string, TensorSpec][] = [];
  for (const { name, tensors } of inStateOrder(network)) {
    for (const spec of tensors) {
      // A module's own parameters come before those of the modules in it.
      const module = name.slice(0, name.lastIndexOf('.') + 1);
      const at = spec.name === OWN_NAME ? specs.findIndex(([other]) => other.startsWith(module)) : -1;
      specs.splice(at === -1 ? specs.length : at, 0, [tensorName(name, spec.name), spec]);
    }
  }
  return new Map(specs);
}

/** Layers that compute; heads come last, or before the layer that they name, where the network still has it. */
function inStateOrder({ layers, auxiliary, ...network }: Network): PlannedLayer[] {
  const outer = new Set(layers.map(({ name }) => name));
  const last = auxiliary.filter(({ listedBefore }) => listedBefore === null || !outer.has(listedBefore));
  const ordered = layers.flatMap((layer) => [
    ...auxiliary.filter(({ listedBefore }) => listedBefore === layer.name).flatMap((head) => head.layers),
    layer,
  ]);
  return allLayers({ ...network, layers: ordered, auxiliary: last });
}

/** Those with values that an optimizer could change: trained and frozen ones. */
export function parameterSpecs(network: Network): Specs {
  return only(stateSpecs(network), ({ role }) => role === 'parameter');
}

/** Running statistics and counters. */
export function bufferSpecs(network: Network): Specs {
  return only(stateSpecs(network), ({ role }) => role === 'buffer');
}

/** The parameters that training changes. */
export function trainedSpecs({ network, frozen }: Pick<Plan, 'network' | 'frozen'>): Specs {
  return only(parameterSpecs(network), (_, name) => !frozen.has(name));
}

function only(specs: Specs, wanted: (spec: TensorSpec, name: string) => boolean): Specs {
  return new Map([...specs].filter(([name, spec]) => wanted(spec, name)));
}

/** Shape of what a network reads of `batchSize` images, channels first. */
export function inputShape({ network, dataset }: Plan, batchSize: number): readonly number[] {
  const { channels, height, width } = dataset.image;
  return network.reads === 'images'
    ? [batchSize, channels, height, width]
    : [batchSize, ...network.layers[0]!.input];
}

/** Shapes of the masks that a training step of `batchSize` images reads, by layer name. */
export function maskShapes(network: Network, batchSize: number): ReadonlyMap<string, readonly number[]> {
  return new Map(
    allLayers(network).flatMap(({ name, mask }) =>
      mask ? [[name, [batchSize, ...mask.shape]] as const] : [],
    ),
  );
}
