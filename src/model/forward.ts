import type { Tensor } from '@tensorflow/tfjs';
import type { Network, PlannedLayer, PlannedStack } from '../config/network.js';
import { isFrozen } from '../config/parameter_groups.js';
import { layerEntry } from '../registry/layers/index.js';
import { tensorName } from '../registry/layers/layer.js';
import type { Tf } from '../registry/schema.js';
import { sideBySide } from './side_by_side.js';

/** What a forward pass reads besides the images. */
export interface ForwardInputs {
  readonly training: boolean;
  /** All parameters and buffers by state-dict name, in PyTorch's layout. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Names of frozen parameters: a layer with buffers whose parameters are all frozen evaluates in training too. */
  readonly frozen: ReadonlySet<string>;
  /** Called with the next value of a buffer, in training. */
  readonly setNext?: (buffer: string, value: Tensor) => void;
  /** Dropout masks by layer name, in training. */
  readonly masks: ReadonlyMap<string, Tensor>;
  /** Called as each layer begins, and again as its gradient does: names the layer in a trace. */
  readonly onLayer?: (name: string) => void;
}

/** Outputs before softmax, each [batch, classes]; `auxiliary` follows the order of network.auxiliary. */
export interface Logits {
  readonly main: Tensor;
  readonly auxiliary: readonly Tensor[];
}

/** Runs the network on preprocessed images [batch, height, width, channels]. Heads are computed in training only. */
export function forward(tf: Tf, network: Network, images: Tensor, inputs: ForwardInputs): Logits {
  const heads = inputs.training ? network.auxiliary : [];
  const read = new Set(heads.map(({ after }) => after));
  const headInputs = new Map<string, Tensor>();

  const tensorsOf = (layer: PlannedLayer) => (name: string) =>
    inputs.tensors.get(tensorName(layer.name, name))!;
  const keep = (layer: PlannedLayer, y: Tensor): Tensor => {
    if (read.has(layer.name)) headInputs.set(layer.name, y);
    return y;
  };
  /** Ends a layer that computes: its gradient begins at its output. */
  const leave = (layer: PlannedLayer, y: Tensor): Tensor =>
    keep(layer, inputs.onLayer ? onGradient(tf, y, () => inputs.onLayer?.(layer.name)) : y);
  const runStack = ({ layers }: PlannedStack, x: Tensor): Tensor =>
    layers.reduce((y, layer) => runLayer(layer, y), x);

  const runLayer = (layer: PlannedLayer, x: Tensor): Tensor => {
    const { options, name } = layer;
    const entry = layerEntry(options.type);
    if ('forward' in entry) {
      inputs.onLayer?.(name);
      const context = {
        training: inputs.training && !isFrozen(layer, inputs.frozen),
        input: layer.input,
        tensor: tensorsOf(layer),
        setNext: (buffer: string, value: Tensor) => inputs.setNext?.(`${name}.${buffer}`, value),
        mask: inputs.masks.get(name),
      };
      return leave(layer, entry.forward(tf, options, context, x));
    }
    // A sequential, or what a composite stands for: nothing is computed but its layers.
    const [only, ...more] = layer.stacks as [PlannedStack, ...PlannedStack[]];
    if (!('merge' in entry) || more.length === 0) return keep(layer, runStack(only, x));
    // What begins with a convolution comes last: so the gradients of x have always been summed, which decides their last bits.
    const convolves = ({ layers: [head] }: PlannedStack) => head?.options.type === 'conv';
    const outputs = layer.stacks.map((stack) => (convolves(stack) ? undefined : runStack(stack, x)));
    inputs.onLayer?.(name);
    const computed = sideBySide(tf, layer.stacks, tensorsOf, x);
    for (const [index, stack] of layer.stacks.entries()) {
      const [head, ...others] = stack.layers;
      const y = head && computed.get(head);
      outputs[index] ??= y ? runStack({ ...stack, layers: others }, leave(head, y)) : runStack(stack, x);
    }
    inputs.onLayer?.(name);
    return leave(layer, entry.merge(tf, options, outputs as Tensor[]));
  };

  const main = runStack({ name: null, layers: network.layers }, images);
  const auxiliary = heads.map((head) =>
    runStack({ name: null, layers: head.layers }, headInputs.get(head.after)!),
  );
  return { main, auxiliary };
}

/** y itself, where `call` is called as soon as the gradient of y is known. */
function onGradient(tf: Tf, y: Tensor, call: () => void): Tensor {
  const passOn = tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (dy) => {
      call();
      return tf.clone(dy);
    },
  }));
  return passOn(y);
}
