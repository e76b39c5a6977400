import type { Static, TObject } from '@sinclair/typebox';
import type { Tensor } from '@tensorflow/tfjs';
import type { Resolved, Tf } from '../schema.js';
import { Type } from '../schema.js';

/** Activations of one image: [channels, height, width], or [features] once flattened. */
export type Shape = readonly [number, number, number] | readonly [number];

/** A trained tensor, in PyTorch's layout: convolutions [out, in, height, width], linear layers [out, in]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values are uniform in ±bound; PyTorch's default is 1/√fan_in, for weights and biases alike. */
  readonly bound: number;
}

/** What can be said of a layer without running it. */
export interface LayerPlan {
  readonly output: Shape;
  readonly parameters: readonly ParameterSpec[];
  /** Multiply-accumulates of the forward pass for one image. */
  readonly macs: number;
  /** Probability that an element of the output is kept in training, where the layer drops some; else null. */
  readonly keep: number | null;
}

/** One operation inside a layer that branches, as drawings show it. */
export interface LayerPart {
  /** As in the names of its parameters, where it has some: `conv3x3_reduce`. */
  readonly name: string;
  /** `conv 3×3, relu` */
  readonly operation: string;
  readonly output: Shape;
}

/** What a forward function is given besides its input. */
export interface LayerContext {
  readonly training: boolean;
  /** Shape of the input, of one image. */
  readonly input: Shape;
  /** The layer's parameter of that name, in PyTorch's layout. */
  readonly parameter: (name: string) => Tensor;
  /** Int32 tensor of zeros and ones [batch, ...output], present in training where the plan has `keep`. */
  readonly mask: Tensor | undefined;
}

/** Sizes that every layer's plan may depend on. */
export interface ModelSizes {
  readonly numClasses: number;
}

/**
 * One kind of layer. Feature maps are [batch, height, width, channels] inside forward functions, as TensorFlow.js
 * wants them; flat activations are [batch, features].
 */
export interface LayerEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** @throws OptionError where the options and the input shape do not fit. */
  plan(options: Resolved<Static<S>>, input: Shape, sizes: ModelSizes): LayerPlan;
  forward(tf: Tf, options: Resolved<Static<S>>, context: LayerContext, x: Tensor): Tensor;
  /** For a layer that branches: chains of operations that all read its input, and whose outputs are concatenated. */
  branches?(options: Resolved<Static<S>>, input: Shape): readonly (readonly LayerPart[])[];
}

/** Ties an entry's functions to the type of its own schema. */
export function defineLayer<S extends TObject>(entry: LayerEntry<S>): LayerEntry<S> {
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

/** The schema fields that every layer has. */
export function layerFields<T extends string>(type: T, description: string) {
  return {
    type: Type.Literal(type, { description }),
    name: Type.String({
      pattern: '^[A-Za-z][A-Za-z0-9_]*$',
      description: "Name of the layer, unique in its stack: the first part of its parameters' names.",
    }),
  };
}

/** The shape as [channels, height, width]. @throws OptionError for flattened activations. */
export function featureMap(input: Shape): readonly [number, number, number] {
  if (input.length === 3) return input;
  throw new OptionError(
    null,
    'an input of channels × height × width',
    `${input[0]} flat features (put this layer before flatten, global_avg_pool and linear)`,
  );
}

/** The number of features. @throws OptionError for a feature map. */
export function flatFeatures(input: Shape): number {
  if (input.length === 1) return input[0];
  throw new OptionError(
    null,
    'flat features',
    `a feature map of ${input.join(' × ')} (put flatten or global_avg_pool before this layer)`,
  );
}
