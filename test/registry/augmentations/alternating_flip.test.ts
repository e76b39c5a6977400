import { expect, it } from 'vitest';
import { epochAugment } from '../../../src/data/batches.js';

it('mirrors about half of the images in even epochs, and the others in odd ones', () => {
  const input = { resize: null, normalize: { mean: [0.5], std: [0.5] } };
  const config = { augmentation: [{ type: 'alternating_flip' as const }], seed: 1, input };
  const mirrored = (epoch: number) => {
    const [flip] = epochAugment(config, { channels: 1, height: 1, width: 2 }, epoch);
    return Array.from({ length: 400 }, (_, record) => {
      const pixels = Uint8Array.from([0, 1]);
      flip!(pixels, 0, record);
      return pixels[0];
    });
  };
  const first = mirrored(0);
  const count = first.filter((flipped) => flipped).length;
  expect(Math.abs(count - 200)).toBeLessThan(60);
  expect(mirrored(1)).toEqual(first.map((flipped) => 1 - flipped!));
  expect(mirrored(4)).toEqual(first);
});
