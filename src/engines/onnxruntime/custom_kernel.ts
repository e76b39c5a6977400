import type { Node } from '../../tracing/graph.js';

/** Where a value lies in the memory, and its shape. */
export interface Place {
  readonly offset: number;
  readonly shape: readonly number[];
}

export type Places = ReadonlyMap<string, Place>;

/** A call of a function of the WebAssembly module, which computes one custom operation. */
export interface CustomCall {
  readonly function: 'maxPoolGradient' | 'resizeAndNormalize';
  readonly scratchBytes: number;
  /** What the function reads beside values: stands at the start of its scratch memory. */
  readonly constants?: Int32Array;
  arguments(scratch: number): number[];
}

/** Lays out the call that computes a node. */
export type CustomKernel = (node: Node, places: Places) => CustomCall;

/** Numbers of four bytes that a kernel handles at a time. */
export const LANES = 4;

export function wholeLanes(count: number): number {
  return Math.ceil(count / LANES) * LANES;
}

/** Places of a node's operands: its inputs, then its outputs. */
export function operands({ inputs, outputs }: Node, places: Places): Place[] {
  return [...inputs, ...outputs].map((name) => places.get(name)!);
}
