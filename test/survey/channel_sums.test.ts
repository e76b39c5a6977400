import { expect, test } from 'vitest';
import { ChannelSums } from '../../src/survey/channel_sums.js';

test('mean and standard deviation of all pixels of a channel', () => {
  const sums = new ChannelSums({ channels: 3, height: 1, width: 2 });
  expect(sums.moments()).toBe(null);
  sums.add(Uint8Array.of(0, 255, 51, 51, 255, 255));
  sums.add(Uint8Array.of(0, 255, 102, 153, 255, 0));
  const { mean, std, images } = sums.moments()!;
  expect(images).toBe(2);
  // Of 0, 1, 0, 1; of 0.2, 0.2, 0.4, 0.6; of 1, 1, 1, 0.
  const expected = [
    [0.5, 0.5],
    [0.35, Math.sqrt((0.15 ** 2 * 2 + 0.05 ** 2 + 0.25 ** 2) / 4)],
    [0.75, Math.sqrt((3 * 0.25 ** 2 + 0.75 ** 2) / 4)],
  ];
  for (const [channel, [m, s]] of expected.entries()) {
    expect(mean[channel]).toBeCloseTo(m!, 12);
    expect(std[channel]).toBeCloseTo(s!, 12);
  }
});
