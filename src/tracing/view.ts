import { elements } from '../config/network.js';

const arrays = {
  float32: Float32Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

/** Element types that occur in traced graphs. */
export type ElementType = keyof typeof arrays;

export type TypedArray = Float32Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor in memory that somebody owns: `data.length` is the product of `shape` (1 for a scalar, whose shape is []). */
export interface View {
  readonly type: ElementType;
  /** As it is stored, in row-major order. */
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** By the name of a graph's input or output. */
export type Views = ReadonlyMap<string, View>;

/** A tensor in memory of its own, zeros, or at byte `offset` of `buffer`. */
export function viewOf(
  { type, shape }: Pick<View, 'type' | 'shape'>,
  buffer?: ArrayBuffer,
  offset?: number,
): View {
  const length = elements(shape);
  const data = buffer ? new arrays[type](buffer, offset, length) : new arrays[type](length);
  return { type, shape, data };
}

/** Bytes of one element. */
export function bytesOf(type: ElementType): number {
  return arrays[type].BYTES_PER_ELEMENT;
}
