import * as tf from '@tensorflow/tfjs';
import { type Network, type Problem, planNetwork } from '../../src/config/network.js';
import { validateExperiment } from '../../src/config/validate.js';
import { forward } from '../../src/model/forward.js';
import { bufferSpecs, parameterSpecs, stateSpecs } from '../../src/model/state_specs.js';
import type { Shape } from '../../src/registry/layers/layer.js';
import { minimalConfig } from '../config/minimal_config.js';
import { type Plain, toChannelsFirst, toChannelsLast } from './plain.js';
import type { TestRandom } from './random.js';
import type { Runner } from './runners.js';

/** Plans layers as a config has them; that they do not end in one output per class is no problem here. */
export function planLayers(
  layers: readonly object[],
  input: Shape,
): { network: Network; output: Shape | undefined; problems: Problem[] } {
  const validated = validateExperiment(minimalConfig({ model: { layers } }));
  if ('problems' in validated) throw new Error(JSON.stringify(validated.problems));
  const { network, problems } = planNetwork(validated.experiment.model, input, { numClasses: 7919 });
  return {
    network,
    output: network.layers.at(-1)?.output,
    problems: problems.filter(({ expected }) => !expected.startsWith('7919 outputs')),
  };
}

/** The shapes of all tensors by their names in the state dict. */
export function tensorShapes(network: Network): [string, readonly number[]][] {
  return [...stateSpecs(network)].map(([name, { shape }]) => [name, shape]);
}

/** Random values for each of those that are trained. */
export function randomTensors(network: Network, random: TestRandom): Record<string, Plain> {
  return Object.fromEntries(
    [...parameterSpecs(network)].map(([name, { shape }]) => [name, random.tensor(shape)]),
  );
}

const channelsLast = (x: Plain) => (x.shape.length === 4 ? toChannelsLast(x) : x);
const channelsFirst = (x: Plain) => (x.shape.length === 4 ? toChannelsFirst(x) : x);

/**
 * Runs a network forward and, where dy is given, backward; everything is in PyTorch's layout, tensors go by their names
 * in the state dict, and gradients are those of `x` and of each tensor. Buffers are ones, and nothing is dropped.
 */
export async function runStack(
  run: Runner,
  network: Network,
  { x, tensors, dy }: { x: Plain; tensors: Readonly<Record<string, Plain>>; dy?: Plain },
): Promise<{ y: Plain; gradients: Readonly<Record<string, Plain>> }> {
  const names = Object.keys(tensors);
  const inputs = [channelsLast(x), ...Object.values(tensors), ...(dy ? [channelsLast(dy)] : [])];
  const [y, dx, ...gradients] = await run((given) => {
    const trained = given.slice(0, 1 + names.length);
    const pass = (images: tf.Tensor, ...values: tf.Tensor[]) => {
      const named = new Map([
        ...[...bufferSpecs(network)].map(
          ([name, { shape, dtype }]) =>
            [name, tf.ones([...shape], dtype === 'int64' ? 'int32' : 'float32')] as const,
        ),
        ...names.map((name, index) => [name, values[index]!] as const),
      ]);
      const inputs = { training: true, tensors: named, frozen: new Set<string>(), masks: new Map() };
      return forward(tf, network, images, inputs).main;
    };
    const output = pass(trained[0]!, ...trained.slice(1));
    // tf.grads hands its inputs on one by one.
    return dy ? [output, ...tf.grads(pass as () => tf.Tensor)(trained, given.at(-1)!)] : output;
  }, inputs);
  const named = names.map((name, index) => [name, gradients[index]!]);
  return {
    y: channelsFirst(y!),
    gradients: dy ? { x: channelsFirst(dx!), ...Object.fromEntries(named) } : {},
  };
}
