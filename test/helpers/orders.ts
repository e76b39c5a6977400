import {
  CHANNELS_FIRST,
  CHANNELS_OUTERMOST,
  FILTER,
  naturalOrder,
  type Order,
} from '../../src/tracing/value.js';

/** Storage orders for tensors of a rank: all of them up to rank 3, at rank 4 those of the model and one more. */
export function ordersOf(rank: number): readonly Order[] {
  if (rank === 4) return [naturalOrder(4), CHANNELS_FIRST, CHANNELS_OUTERMOST, FILTER, [1, 3, 0, 2]];
  if (rank === 0) return [[]];
  // A permutation of n axes is one of n − 1 with the last axis put anywhere.
  return ordersOf(rank - 1).flatMap((order) =>
    Array.from({ length: rank }, (_, position) => order.toSpliced(position, 0, rank - 1)),
  );
}
