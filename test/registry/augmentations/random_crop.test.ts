import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/random.js';
import { random_crop } from '../../../src/registry/augmentations/random_crop.js';

const context = { epoch: 0, first: randomStream(0, 'first', 0), mean: [0] };
const image = { channels: 2, height: 3, width: 4 };
const planes = Uint8Array.from({ length: 24 }, (_, i) => i + 1);

/** The planes moved by (−top, −left), black where nothing came from. */
function moved(top: number, left: number): number[] {
  const pixel = (channel: number, y: number, x: number): number =>
    y < 0 || y >= 3 || x < 0 || x >= 4 ? 0 : planes[(channel * 3 + y) * 4 + x]!;
  return [0, 1].flatMap((channel) =>
    [0, 1, 2].flatMap((y) => [0, 1, 2, 3].map((x) => pixel(channel, y + top, x + left))),
  );
}

describe('random_crop', () => {
  // A padding wider than the image moves it out of sight now and then.
  it.each([1, 2, 5])('padding %d reaches every offset, about equally often', (padding) => {
    const crop = random_crop.prepare(
      { type: 'random_crop', padding, padding_mode: 'constant' },
      image,
      randomStream(4, 'crop', 0),
      context,
    );
    const offsets = Array.from({ length: 2 * padding + 1 }, (_, i) => i - padding);
    const counts = new Map<string, number>();
    for (const top of offsets) for (const left of offsets) counts.set(moved(top, left).join(), 0);
    for (let record = 0; record < 5000; record++) {
      const images = Uint8Array.from([99, ...planes, 99]);
      crop(images, 1, record);
      const key = images.subarray(1, 25).join();
      if (images[0] !== 99 || images[25] !== 99 || !counts.has(key)) throw new Error(`not a crop: ${images}`);
      counts.set(key, counts.get(key)! + 1);
    }
    const expected = 5000 / offsets.length ** 2;
    for (const count of counts.values()) expect(count).toBeGreaterThan(expected / 3);
  });
});
