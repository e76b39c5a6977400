import type { ElementType } from './view.js';

/**
 * A tensor of a trace. TensorFlow.js sees `shape`; in the graph its axes may be stored in another order: physical axis i
 * holds logical axis order[i]. So transposing costs nothing, and a feature map that TensorFlow.js calls
 * [batch, height, width, channels] stays [batch, channels, height, width] through the whole graph.
 */
export interface Value {
  /** Name of the value in the graph. */
  readonly name: string;
  readonly type: ElementType;
  /** Logical shape. */
  readonly shape: readonly number[];
  readonly order: Order;
  /** The number, where all elements are the same constant. The value is then stored as a scalar. */
  readonly uniform?: number;
}

export type Order = readonly number[];

/** Feature maps and images: logical [batch, height, width, channels], stored [batch, channels, height, width]. */
export const CHANNELS_FIRST: Order = [0, 3, 1, 2];

/** Feature maps as matrices [channels, batch × height × width]. */
export const CHANNELS_OUTERMOST: Order = [3, 0, 1, 2];

/** Filters: logical [height, width, in, out], stored [out, in, height, width]. */
export const FILTER: Order = [3, 2, 0, 1];

/** The order of tensors that are stored as TensorFlow.js sees them. */
export function naturalOrder(rank: number): Order {
  return Array.from({ length: rank }, (_, axis) => axis);
}

export function sameOrder(a: Order, b: Order): boolean {
  return a.length === b.length && a.every((axis, index) => axis === b[index]);
}

/** The shape as it is stored. */
export function physicalShape({ shape, order }: Pick<Value, 'shape' | 'order'>): number[] {
  return order.map((axis) => shape[axis]!);
}
