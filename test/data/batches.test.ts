import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  allocateBatch,
  type Batch,
  batchAt,
  epochAugment,
  epochOrder,
  stepsPerEpoch,
  streamBatches,
} from '../../src/data/batches.js';
import type { Records } from '../../src/data/records.js';

/** Record i: label i mod 3, pixels 10 i + 0 … 3. */
function records(count: number): Records {
  return {
    image: { channels: 1, height: 2, width: 2 },
    count,
    images: Uint8Array.from({ length: 4 * count }, (_, i) => 10 * Math.floor(i / 4) + (i % 4)),
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
  };
}

const plan = (count: number, batchSize: number, shuffle: boolean) => ({
  records: records(count),
  order: epochOrder(5, 0, count, shuffle),
  batchSize,
  augment: [],
});

const copy = ({ size, images, labels, indices }: Batch) => ({
  size,
  images: [...images],
  labels: [...labels],
  indices: [...indices],
});

describe('epochOrder', () => {
  it('is the order of the records, or a shuffle of its own for each epoch', () => {
    expect([...epochOrder(0, 3, 4, false)]).toEqual([0, 1, 2, 3]);
    const first = epochOrder(0, 0, 100, true);
    expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(epochOrder(0, 0, 100, true)).toEqual(first);
    expect(epochOrder(0, 1, 100, true)).not.toEqual(first);
    expect(epochOrder(1, 0, 100, true)).not.toEqual(first);
  });
});

describe('batchAt', () => {
  it('gathers images, labels and record numbers', () => {
    const batch = batchAt({ ...plan(5, 2, false), order: Uint32Array.from([4, 0, 3]) }, 0);
    expect(copy(batch)).toEqual({
      size: 2,
      images: [40, 41, 42, 43, 0, 1, 2, 3],
      labels: [1, 0],
      indices: [4, 0],
    });
  });

  it('keeps a shorter last batch, as a view of the buffer', () => {
    const out = allocateBatch(records(1).image, 2);
    const batch = batchAt(plan(5, 2, false), 2, out);
    expect(copy(batch)).toEqual({ size: 1, images: [40, 41, 42, 43], labels: [1], indices: [4] });
    expect(batch.images.buffer).toBe(out.images.buffer);
    expect(stepsPerEpoch(5, 2)).toBe(3);
  });

  it.each([-1, 3])('has no step %d', (step) => {
    expect(() => batchAt(plan(5, 2, false), step)).toThrow('step: expected 0 to 2');
  });

  it('augments a record alike wherever it stands in the batch', () => {
    const image = { channels: 1, height: 2, width: 2 };
    const augment = epochAugment(
      [
        { type: 'random_flip', probability: 0.5 },
        { type: 'random_crop', padding: 1 },
      ],
      image,
      3,
      1,
    );
    const source = records(20);
    const forth = batchAt({ records: source, order: epochOrder(0, 0, 20, false), batchSize: 20, augment }, 0);
    const order = epochOrder(0, 0, 20, true);
    const shuffled = batchAt({ records: source, order, batchSize: 20, augment }, 0);
    for (let i = 0; i < 20; i++) {
      expect(shuffled.images.subarray(4 * i, 4 * i + 4)).toEqual(
        forth.images.subarray(4 * order[i]!, 4 * order[i]! + 4),
      );
    }
    expect(forth.images).not.toEqual(source.images);
    expect(source.images).toEqual(records(20).images);
  });
});

describe('epochAugment', () => {
  it('draws anew in each epoch, and for each of two equal entries', () => {
    const image = { channels: 1, height: 1, width: 2 };
    const flips = (config: { type: 'random_flip'; probability: number }[], epoch: number): string =>
      Array.from({ length: 64 }, (_, record) => {
        const pixels = Uint8Array.from([0, 1]);
        for (const change of epochAugment(config, image, 0, epoch)) change(pixels, 0, record);
        return pixels[0];
      }).join('');
    const flip = { type: 'random_flip' as const, probability: 0.5 };
    expect(flips([flip], 0)).not.toBe(flips([flip], 1));
    // Two equal draws would undo each other for every record.
    expect(flips([flip, flip], 0)).toMatch(/1/);
  });
});

describe('streamBatches', () => {
  it.each([0, 1, 4])('from step %d yields what batchAt gives', async (firstStep) => {
    const source = plan(13, 3, true);
    const streamed = [];
    for await (const batch of streamBatches(source, firstStep)) {
      streamed.push(copy(batch));
      await turn();
    }
    const expected = [0, 1, 2, 3, 4].slice(firstStep).map((step) => copy(batchAt(source, step)));
    expect(streamed).toEqual(expected);
  });

  it('prepares the next batch while the consumer awaits, and leaves the present one alone', async () => {
    const seen: number[] = [];
    const source = {
      ...plan(6, 2, false),
      augment: [(_: Uint8Array, __: number, record: number) => void seen.push(record)],
    };
    const stream = streamBatches(source);
    const first = (await stream.next()).value!;
    expect(seen).toEqual([0, 1]);
    const before = copy(first);
    await turn();
    await turn();
    expect(seen).toEqual([0, 1, 2, 3]);
    expect(copy(first)).toEqual(before);
    await stream.return();
    await turn();
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  it('uses two buffers in turn', async () => {
    const buffers = new Set<ArrayBufferLike>();
    for await (const batch of streamBatches(plan(21, 2, true))) buffers.add(batch.images.buffer);
    expect(buffers.size).toBe(2);
  });
});
