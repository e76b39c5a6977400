import type { Tensor } from '@tensorflow/tfjs';
import type { Network, PlannedLayer } from '../config/network.js';
import { layerEntry } from '../registry/layers/index.js';
import type { Tf } from '../registry/schema.js';

/** What a forward pass reads besides the images. */
export interface ForwardInputs {
  readonly training: boolean;
  /** All parameters by state-dict name, in PyTorch's layout. */
  readonly parameters: ReadonlyMap<string, Tensor>;
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
  const runLayer = (layer: PlannedLayer, x: Tensor): Tensor => {
    inputs.onLayer?.(layer.name);
    const y = layerEntry(layer.options.type).forward(
      tf,
      layer.options,
      {
        training: inputs.training,
        input: layer.input,
        tensor: (name) => inputs.parameters.get(`${layer.name}.${name}`)!,
        setNext: () => {},
        mask: inputs.masks.get(layer.name),
      },
      x,
    );
    return inputs.onLayer ? onGradient(tf, y, () => inputs.onLayer?.(layer.name)) : y;
  };
  const headInputs = new Map<string, Tensor>();
  let main = images;
  for (const layer of network.layers) {
    main = runLayer(layer, main);
    headInputs.set(layer.name, main);
  }
  const heads = inputs.training ? network.auxiliary : [];
  const auxiliary = heads.map((head) =>
    head.layers.reduce((x, layer) => runLayer(layer, x), headInputs.get(head.after)!),
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
