import { elements } from '../../config/network.js';
import { bytesOf } from '../../tracing/view.js';
import type { Intermediate } from './partition.js';

/** Between values: kernels read up to 16 bytes beyond one, and cache lines are not shared. */
const ALIGNMENT = 64;

export interface MemoryPlan {
  /** Byte offset of each value. */
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/**
 * Gives each value that passes between steps a place in one block of memory; values that are never needed at the same
 * time may share one. The largest are placed first, each at the lowest offset that is free while it lives.
 */
export function planMemory(values: readonly Intermediate[]): MemoryPlan {
  const placed: { offset: number; end: number; from: number; to: number }[] = [];
  const offsets = new Map<string, number>();
  const sized = values.map((value) => ({ ...value, size: sizeOf(value) }));
  for (const { name, size, from, to } of sized.toSorted((a, b) => b.size - a.size)) {
    const neighbours = placed
      .filter((other) => other.from <= to && from <= other.to)
      .toSorted((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const other of neighbours) {
      if (offset + size <= other.offset) break;
      offset = Math.max(offset, other.end);
    }
    placed.push({ offset, end: offset + size, from, to });
    offsets.set(name, offset);
  }
  return { offsets, bytes: Math.max(0, ...placed.map(({ end }) => end)) };
}

function sizeOf({ type, shape }: Intermediate): number {
  const bytes = elements(shape) * bytesOf(type);
  return Math.ceil((bytes + 16) / ALIGNMENT) * ALIGNMENT;
}
