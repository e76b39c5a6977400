import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  type Batch,
  batchAt,
  epochAugment,
  epochOrder,
  stepsPerEpoch,
  streamBatches,
} from '../../src/data/batches.js';
import { memorySource, type Source } from '../../src/data/source.js';

/** Image i: label i mod 3, pixels 10 i + 0 … 3. */
const pixels = (count: number) =>
  Uint8Array.from({ length: 4 * count }, (_, i) => 10 * Math.floor(i / 4) + (i % 4));

function sourceOf(count: number, images = pixels(count)): Source {
  const labels = Int32Array.from({ length: count }, (_, i) => i % 3);
  return memorySource({ channels: 1, height: 2, width: 2 }, images, labels);
}

const plan = (count: number, batchSize: number, shuffle: boolean) => ({
  source: sourceOf(count),
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

const input = { resize: null, normalize: { mean: [0.5], std: [0.5] } };

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
  it('gathers images, labels and image numbers', async () => {
    const batch = await batchAt({ ...plan(5, 2, false), order: Uint32Array.from([4, 0, 3]) }, 0);
    expect(copy(batch)).toEqual({
      size: 2,
      images: [40, 41, 42, 43, 0, 1, 2, 3],
      labels: [1, 0],
      indices: [4, 0],
    });
  });

  it('keeps a shorter last batch', async () => {
    const batch = await batchAt(plan(5, 2, false), 2);
    expect(copy(batch)).toEqual({ size: 1, images: [40, 41, 42, 43], labels: [1], indices: [4] });
    expect(stepsPerEpoch(5, 2)).toBe(3);
  });

  it.each([-1, 3])('has no step %d', async (step) => {
    await expect(batchAt(plan(5, 2, false), step)).rejects.toThrow('step: expected 0 to 2');
  });

  it('augments an image alike wherever it stands in the batch', async () => {
    const image = { channels: 1, height: 2, width: 2 };
    const augmentation = [
      { type: 'random_flip', probability: 0.5 },
      { type: 'random_crop', padding: 1, padding_mode: 'constant' },
    ] as const;
    const augment = epochAugment({ augmentation: [...augmentation], seed: 3, input }, image, 1);
    const images = pixels(20);
    const source = sourceOf(20, images);
    const inOrder = epochOrder(0, 0, 20, false);
    const forth = await batchAt({ source, order: inOrder, batchSize: 20, augment }, 0);
    const order = epochOrder(0, 0, 20, true);
    const shuffled = await batchAt({ source, order, batchSize: 20, augment }, 0);
    for (let i = 0; i < 20; i++) {
      expect(shuffled.images.subarray(4 * i, 4 * i + 4)).toEqual(
        forth.images.subarray(4 * order[i]!, 4 * order[i]! + 4),
      );
    }
    expect(forth.images).not.toEqual(images);
    expect(images).toEqual(pixels(20));
  });
});

describe('epochAugment', () => {
  it('draws anew in each epoch, and for each of two equal entries', () => {
    const image = { channels: 1, height: 1, width: 2 };
    const flips = (config: { type: 'random_flip'; probability: number }[], epoch: number): string =>
      Array.from({ length: 64 }, (_, record) => {
        const pixels = Uint8Array.from([0, 1]);
        for (const change of epochAugment({ augmentation: config, seed: 0, input }, image, epoch))
          change(pixels, 0, record);
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
    const expected = await Promise.all([0, 1, 2, 3, 4].slice(firstStep).map((step) => batchAt(source, step)));
    expect(streamed).toEqual(expected.map(copy));
  });

  /** A source whose reads end when the test says so, in any order. */
  function slowPlan(steps: number) {
    const reads = new Map<number, PromiseWithResolvers<void>>();
    const source = sourceOf(2 * steps);
    const read: Source['read'] = async (indices) => {
      const ended = withResolvers();
      reads.set(indices[0]! / 2, ended);
      await ended.promise;
      return source.read(indices);
    };
    return { reads, plan: { ...plan(2 * steps, 2, false), source: { ...source, read } } };
  }

  it('reads two batches ahead of the one in use, and no more', async () => {
    const { reads, plan: slow } = slowPlan(6);
    const stream = streamBatches(slow);
    const first = stream.next();
    expect([...reads.keys()]).toEqual([0, 1]);
    reads.get(1)!.resolve();
    reads.get(0)!.resolve();
    const batch = (await first).value!;
    const before = copy(batch);
    expect([...reads.keys()]).toEqual([0, 1, 2]);
    await turn();
    expect([...reads.keys()]).toEqual([0, 1, 2]);
    expect(copy((await stream.next()).value!).indices).toEqual([2, 3]);
    expect([...reads.keys()]).toEqual([0, 1, 2, 3]);
    expect(copy(batch)).toEqual(before);
    for (const { resolve } of reads.values()) resolve();
    await stream.return();
  });

  it('leaves no read under way behind when the consumer stops', async () => {
    const { reads, plan: slow } = slowPlan(6);
    const stream = streamBatches(slow);
    const first = stream.next();
    reads.get(0)!.resolve();
    await first;
    let stopped = false;
    const stopping = stream.return().then(() => {
      stopped = true;
    });
    reads.get(1)!.resolve();
    await turn();
    expect(stopped).toBe(false);
    reads.get(2)!.resolve();
    await stopping;
    expect([...reads.keys()]).toEqual([0, 1, 2]);
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });

  it('throws where a batch cannot be read, in its place, after what is under way has ended', async () => {
    const { reads, plan: slow } = slowPlan(6);
    const seen: number[] = [];
    const failed = (async () => {
      for await (const { indices } of streamBatches(slow)) seen.push(indices[0]!);
    })().catch((error: unknown) => error);
    // The second fails while nobody waits for it.
    reads.get(1)!.reject(new Error('images/b.png: damaged PNG image'));
    await turn();
    reads.get(0)!.resolve();
    await turn();
    reads.get(2)!.resolve();
    expect(await failed).toEqual(new Error('images/b.png: damaged PNG image'));
    expect(seen).toEqual([0]);
    await turn();
    expect([...reads.keys()]).toEqual([0, 1, 2]);
  });
});

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

function withResolvers(): PromiseWithResolvers<void> {
  let resolve!: () => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
