import type { Static, TObject } from '@sinclair/typebox';
import type { Tensor } from '@tensorflow/tfjs';
import { type Resolved, type Tf, Type } from '../schema.js';
import type { Shape } from './layer.js';

/** A layer inside a container: one of any type, with all options of that type. */
export interface NestedLayer {
  readonly type: string;
  readonly name: string | null;
}

/** Layers below each other, as a container's options have them. */
export interface Stack {
  /** Where the list stands in the container's options: `['layers']`. */
  readonly path: readonly (string | number)[];
  /** Goes before its layers' names, behind the container's; null adds nothing. */
  readonly name: string | null;
  /** Empty passes the input on. */
  readonly layers: readonly NestedLayer[];
}

/**
 * A kind of layer that holds stacks, each of which reads its input. The walks run the stacks; it only merges their
 * outputs, and one stack's output is its own.
 */
export interface ContainerEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** In the order of the state dict. */
  stacks(options: Resolved<Static<S>>): readonly Stack[];
  /**
   * The shape of what `merge` makes of the stacks' outputs.
   * @throws OptionError where they do not fit.
   */
  output(options: Resolved<Static<S>>, outputs: readonly Shape[]): Shape;
  merge(tf: Tf, options: Resolved<Static<S>>, outputs: readonly Tensor[]): Tensor;
  /** The operation that merges, as drawings call it; null where there is only ever one stack. */
  mergedBy(options: Resolved<Static<S>>): string | null;
}

/** A layer as a composite writes it: options that have a default may be left out. */
export type WrittenLayer = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A kind of layer that is data: it stands for other layers, whose names go behind its own. */
export interface CompositeEntry<S extends TObject = TObject> {
  readonly schema: S;
  /** @param input shape of what the first of them reads. @throws OptionError where the options do not fit it. */
  expand(options: Resolved<Static<S>>, input: Shape): readonly WrittenLayer[];
}

/** Ties a container's functions to the type of its own schema. */
export function defineContainer<S extends TObject>(entry: ContainerEntry<S>): ContainerEntry<S> {
  return entry;
}

/** Ties a composite's function to the type of its own schema. */
export function defineComposite<S extends TObject>(entry: CompositeEntry<S>): CompositeEntry<S> {
  return entry;
}

/** The schema of a list of layers inside a layer: it refers to the one schema of all layers. */
export function nestedLayers(options: { minItems: number; description: string; default?: readonly [] }) {
  return Type.Array(Type.Unsafe<NestedLayer>({ $ref: '#/definitions/layer' }), options);
}

/** `64 × 8 × 8` */
export function shapeText(shape: Shape): string {
  return shape.join(' × ');
}
