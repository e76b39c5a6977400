import * as tf from '@tensorflow/tfjs';
import { type LayerOptions, layerEntry } from '../../src/registry/layers/index.js';
import type { Shape } from '../../src/registry/layers/layer.js';
import { type Plain, toChannelsFirst, toChannelsLast } from './plain.js';
import type { Runner } from './runners.js';

/** What a layer is run with; everything in PyTorch's layout. */
interface LayerRun {
  /** [batch, channels, height, width] or [batch, features]. */
  readonly x: Plain;
  readonly parameters?: Readonly<Record<string, Plain>>;
  /** Dropout mask of zeros and ones, in the shape of the output. */
  readonly mask?: Plain;
  /** Gradient of the output, where gradients are wanted. */
  readonly dy?: Plain;
}

/** What a layer yields; gradients are those of `x` and of each parameter. */
interface LayerResult {
  readonly y: Plain;
  readonly gradients: Readonly<Record<string, Plain>>;
}

const channelsLast = (x: Plain) => (x.shape.length === 4 ? toChannelsLast(x) : x);
const channelsFirst = (x: Plain) => (x.shape.length === 4 ? toChannelsFirst(x) : x);

/** Runs one layer forward and, where dy is given, backward. */
export async function runLayer(
  run: Runner,
  options: LayerOptions,
  { x, parameters = {}, mask, dy }: LayerRun,
): Promise<LayerResult> {
  const entry = layerEntry(options.type);
  if (!('forward' in entry)) throw new Error(`${options.type} holds layers: use runStack`);
  const names = Object.keys(parameters);
  const inputs = [
    channelsLast(x),
    ...Object.values(parameters),
    ...(mask ? [{ ...mask, type: 'uint8' as const }] : []),
    ...(dy ? [channelsLast(dy)] : []),
  ];
  const [y, dx, ...gradients] = await run((tensors) => {
    const trained = tensors.slice(0, 1 + names.length);
    const forward = (input: tf.Tensor, ...values: tf.Tensor[]) =>
      entry.forward(
        tf,
        options,
        {
          training: true,
          input: x.shape.slice(1) as unknown as Shape,
          setNext: () => {},
          tensor: (name) => values[names.indexOf(name)]!,
          mask: mask ? tensors[trained.length] : undefined,
        },
        input,
      );
    const output = forward(trained[0]!, ...trained.slice(1));
    // tf.grads hands its inputs on one by one.
    return dy ? [output, ...tf.grads(forward as () => tf.Tensor)(trained, tensors.at(-1)!)] : output;
  }, inputs);
  return {
    y: channelsFirst(y!),
    gradients: dy
      ? { x: channelsFirst(dx!), ...Object.fromEntries(names.map((name, i) => [name, gradients[i]!])) }
      : {},
  };
}
