import { describe, expect, it } from 'vitest';
import { planMemory } from '../../../src/engines/onnxruntime/memory_plan.js';
import type { Intermediate } from '../../../src/engines/onnxruntime/partition.js';
import type { ElementType } from '../../../src/tracing/view.js';
import { elements } from '../../helpers/plain.js';
import { TestRandom } from '../../helpers/random.js';

/** What the kernels may read behind a value. */
const BEYOND = 16;
const bytesOf = { float32: 4, int32: 4, int64: 8, uint8: 1, bool: 1 } as const;
const types = Object.keys(bytesOf) as ElementType[];

const floats = (name: string, count: number, from: number, to: number): Intermediate => ({
  name,
  type: 'float32',
  shape: [count],
  from,
  to,
});

function randomValues(random: TestRandom): Intermediate[] {
  return Array.from({ length: random.integer(1, 40) }, (_, index) => {
    const from = random.integer(0, 8);
    return {
      name: `v${index}`,
      type: random.pick(types),
      shape: Array.from({ length: random.integer(0, 4) }, () => random.integer(0, 9)),
      from,
      to: random.integer(from, 9),
    };
  });
}

/** Values as areas of memory. */
function areasOf(values: readonly Intermediate[]) {
  const { offsets, bytes } = planMemory(values);
  const areas = values.map((value) => {
    const start = offsets.get(value.name)!;
    return { ...value, start, end: start + bytesOf[value.type] * elements(value.shape) + BEYOND };
  });
  expect(offsets.size).toBe(values.length);
  return { areas, bytes };
}

describe('planMemory', () => {
  it('keeps apart what is needed at the same time, within its bytes, aligned', () => {
    const random = new TestRandom(3);
    for (let round = 0; round < 300; round++) {
      const { areas, bytes } = areasOf(randomValues(random));
      for (const [index, a] of areas.entries()) {
        expect(a.start % 64).toBe(0);
        expect(a.end).toBeLessThanOrEqual(bytes);
        for (const b of areas.slice(index + 1)) {
          const together = a.from <= b.to && b.from <= a.to;
          if (together) expect(a.end <= b.start || b.end <= a.start, `${a.name} and ${b.name}`).toBe(true);
        }
      }
    }
  });

  it.each(types)('a value of type %s has room for its elements and 16 bytes more', (type) => {
    const shape = [3, 5, 7];
    const size = bytesOf[type] * 105 + BEYOND;
    const values = ['a', 'b'].map((name) => ({ name, type, shape, from: 0, to: 1 }));
    const { areas, bytes } = areasOf(values);
    expect(Math.abs(areas[0]!.start - areas[1]!.start)).toBe(Math.ceil(size / 64) * 64);
    expect(bytes).toBe(2 * Math.ceil(size / 64) * 64);
  });

  it('values that are never needed at the same time share their place', () => {
    const chain = [floats('a', 1000, 0, 1), floats('b', 1000, 2, 3), floats('c', 900, 4, 9)];
    const { areas, bytes } = areasOf(chain);
    expect(areas.map(({ start }) => start)).toEqual([0, 0, 0]);
    expect(bytes).toBe(4032);
  });

  it('a step that reads one value and computes another needs both', () => {
    const { areas } = areasOf([floats('a', 1000, 0, 1), floats('b', 1000, 1, 2)]);
    expect(areas.map(({ start }) => start)).toEqual([0, 4032]);
  });

  it('small values fill what is free between large ones', () => {
    const values = [
      floats('small', 10, 2, 3),
      floats('bottom', 3000, 0, 1),
      floats('top', 2000, 0, 3),
      floats('next', 2500, 2, 3),
    ];
    const { areas, bytes } = areasOf(values);
    // "next" takes the place of "bottom" below "top", and leaves room for "small".
    expect(areas.map(({ start }) => start)).toEqual([10048, 0, 12032, 0]);
    expect(bytes).toBe(20096);
  });

  it('of nothing is nothing', () => {
    expect(planMemory([])).toEqual({ offsets: new Map(), bytes: 0 });
  });
});
