import type { Static, TObject } from '@sinclair/typebox';
import type { Tensor } from '@tensorflow/tfjs';
import type { Resolved, Tf } from '../schema.js';
import { nullable, Type } from '../schema.js';

/** Activations of one image: [channels, height, width], or [features] once flattened. */
export type Shape = readonly [number, number, number] | readonly [number];

/** How a tensor's first values are made. Draws depend on the seed and the tensor's own name alone. */
export type Initialization =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'normal'; readonly std: number }
  /** Normal of mean 0, drawn again where beyond ±cutoff (not in units of std), as torch.nn.init.trunc_normal_. */
  | { readonly kind: 'truncated_normal'; readonly std: number; readonly cutoff: number }
  | { readonly kind: 'constant'; readonly value: number };

/** A tensor of the model, in PyTorch's layout: convolutions [out, in, height, width], linear layers [out, in]. */
export interface TensorSpec {
  /** In the layer's part of the state dict: `weight`; or OWN_NAME. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Parameters are trained, or frozen; buffers (running statistics, counters) follow from what the layer saw. */
  readonly role: 'parameter' | 'buffer';
  /** int64 is for counters; step functions see them as int32. */
  readonly dtype: 'float32' | 'int64';
  readonly init: Initialization;
}

/** Random zeros and ones that a layer reads in training. */
export interface MaskSpec {
  /** For one image. */
  readonly shape: readonly number[];
  /** Probability of a one. */
  readonly keepProbability: number;
}

/** What can be said of a layer without running it. */
export interface LayerPlan {
  readonly output: Shape;
  /** In the order of PyTorch's state dict. */
  readonly tensors: readonly TensorSpec[];
  /** Multiply-accumulates of the forward pass for one image. */
  readonly macs: number;
  readonly mask: MaskSpec | null;
}

/** A trained tensor that starts uniform in ±bound; PyTorch's default is 1/√fan_in, for weights and biases alike. */
export function uniformParameter(name: string, shape: readonly number[], bound: number): TensorSpec {
  return { name, shape, role: 'parameter', dtype: 'float32', init: { kind: 'uniform', bound } };
}

/** A trained tensor that starts with one value throughout. */
export function constantParameter(name: string, shape: readonly number[], value: number): TensorSpec {
  return { name, shape, role: 'parameter', dtype: 'float32', init: { kind: 'constant', value } };
}

/** The name of a tensor that goes by the name of its layer, as a parameter of a PyTorch module itself does. */
export const OWN_NAME = '';

/** The name of a layer's tensor in the state dict: `conv1.weight`. */
export function tensorName(layer: string, tensor: string): string {
  return tensor === OWN_NAME ? layer : `${layer}.${tensor}`;
}

/** What a forward function is given besides its input. */
export interface LayerContext {
  readonly training: boolean;
  /** Shape of the input, of one image. */
  readonly input: Shape;
  /** The layer's tensor of that name, in PyTorch's layout. */
  readonly tensor: (name: string) => Tensor;
  /** Reports the next value of one of the layer's buffers, in training; the forward pass itself changes nothing. */
  readonly setNext: (buffer: string, value: Tensor) => void;
  /** Int32 tensor of zeros and ones [batch, ...shape of the mask], present in training where the plan has one. */
  readonly mask: Tensor | undefined;
}

/** Sizes that every layer's plan may depend on. */
export interface ModelSizes {
  readonly numClasses: number;
}

/**
 * One kind of layer that holds no others. Feature maps are [batch, height, width, channels] inside forward functions,
 * as TensorFlow.js wants them; flat activations are [batch, features].
 */
export interface LeafEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** @throws OptionError where the options and the input shape do not fit. */
  plan(options: Resolved<Static<S>>, input: Shape, sizes: ModelSizes): LayerPlan;
  forward(tf: Tf, options: Resolved<Static<S>>, context: LayerContext, x: Tensor): Tensor;
}

/** Ties an entry's functions to the type of its own schema. */
export function defineLayer<S extends TObject>(entry: LeafEntry<S>): LeafEntry<S> {
  return entry;
}

/** An option that does not fit the layer's input; the config stage adds file, line and column. */
export class OptionError extends Error {
  constructor(
    /** The option at fault, or null where it is the layer's place in the stack. */
    readonly option: string | null,
    /** What the option should be. */
    readonly expected: string,
    /** What it is. */
    readonly actual: string,
  ) {
    super(`expected ${expected}, got ${actual}`);
    this.name = 'OptionError';
  }
}

/** What a layer may be called; the name of a child may be a number, as those of torch.nn.Sequential are. */
export const LAYER_NAME = '^[A-Za-z0-9][A-Za-z0-9_]*$';

/** The schema fields of a layer that has tensors, whose names begin with its own. */
export function layerFields<T extends string>(type: T, description: string) {
  return {
    type: Type.Literal(type, { description }),
    name: Type.String({
      pattern: LAYER_NAME,
      description: "Name of the layer, of no other: the first part of its parameters' names.",
    }),
  };
}

/** The schema fields of a layer without tensors of its own, which needs no name. */
export function unnamedLayerFields<T extends string>(type: T, description: string) {
  return { type: Type.Literal(type, { description }), name: optionalName };
}

/** A name that adds to those of the layers inside, or null. */
export const optionalName = Type.Optional(
  nullable(
    Type.String({
      pattern: LAYER_NAME,
      description: 'Name, of no other layer: goes before the names of what is inside; null adds nothing.',
    }),
    { default: null },
  ),
);

/** The shape as [channels, height, width]. @throws OptionError for flattened activations. */
export function featureMap(input: Shape): readonly [number, number, number] {
  if (input.length === 3) return input;
  throw new OptionError(
    null,
    'an input of channels × height × width',
    `${input[0]} flat features (put this layer before flatten, global_avg_pool and linear)`,
  );
}
