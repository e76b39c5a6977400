import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { StoredSplit } from '../../../src/registry/datasets/dataset.js';
import { shapes } from '../../../src/registry/datasets/shapes.js';

const DEFAULTS = {
  type: 'shapes' as const,
  size: 32 as number | readonly [number, number],
  channels: 3 as 1 | 3,
  limit: { train: null, test: null },
  validation: 0.1,
};
const { classes, count } = shapes.contents(DEFAULTS);
const drawDefault = shapes.draw(DEFAULTS);

function draw(split: StoredSplit, index: number, seed = 0): { label: number; planes: Uint8Array } {
  const planes = new Uint8Array(3072);
  drawDefault(seed, split, index, planes);
  return { label: shapes.label(index), planes };
}

/** Mean of each colour, and each colour's standard deviation. */
function colours(planes: Uint8Array): number[] {
  return [0, 1, 2].flatMap((channel) => {
    const plane = planes.subarray(1024 * channel, 1024 * (channel + 1));
    const mean = plane.reduce((sum, value) => sum + value, 0) / 1024;
    const variance = plane.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 1024;
    return [mean, Math.sqrt(variance)];
  });
}

describe('shapes', () => {
  it('depends on seed, split and index alone', () => {
    const first = draw('train', 5);
    draw('test', 1);
    expect(draw('train', 5)).toEqual(first);
    for (const other of [draw('train', 13), draw('test', 5), draw('train', 5, 1)]) {
      expect(other.planes).not.toEqual(first.planes);
      expect(other.label).toBe(first.label);
    }
  });

  it('has as many images of each class as of the next', () => {
    for (const split of ['train', 'test'] as const) {
      const counts = new Array<number>(classes.length).fill(0);
      for (let index = 0; index < count[split]; index++) counts[draw(split, index).label]! += 1;
      expect(new Set(counts)).toEqual(new Set([count[split] / classes.length]));
    }
  });

  it('cannot be told apart by colour: nearest class mean stays under 40 %', () => {
    const sums = Array.from({ length: classes.length }, () => new Array<number>(6).fill(0));
    for (let index = 0; index < 1600; index++) {
      const { label, planes } = draw('train', index);
      colours(planes).forEach((value, i) => {
        sums[label]![i]! += value / (1600 / classes.length);
      });
    }
    // With the mean colour alone, and with its spread too.
    for (const used of [
      [0, 2, 4],
      [0, 1, 2, 3, 4, 5],
    ]) {
      let correct = 0;
      for (let index = 0; index < 600; index++) {
        const { label, planes } = draw('test', index);
        const values = colours(planes);
        const distances = sums.map((mean) => used.reduce((sum, i) => sum + (values[i]! - mean[i]!) ** 2, 0));
        if (distances.indexOf(Math.min(...distances)) === label) correct += 1;
      }
      expect(correct / 600).toBeLessThan(0.4);
    }
  });

  it('draws no image that is nearly of one colour', () => {
    for (let index = 0; index < 200; index++) {
      const { planes } = draw('train', index);
      const spread = Math.max(...colours(planes).filter((_, i) => i % 2 === 1));
      expect(spread).toBeGreaterThan(15);
    }
  });

  it.each([0, 1])('has the statistics that it names, with the seed %i', (seed) => {
    const [sum, squares] = [
      [0, 0, 0],
      [0, 0, 0],
    ];
    const images = 1000;
    for (let index = 0; index < images; index++) {
      for (const [at, value] of draw('train', index, seed).planes.entries()) {
        sum[Math.floor(at / 1024)]! += value / 255;
        squares[Math.floor(at / 1024)]! += (value / 255) ** 2;
      }
    }
    for (const channel of [0, 1, 2]) {
      const mean = sum[channel]! / images / 1024;
      const std = Math.sqrt(squares[channel]! / images / 1024 - mean ** 2);
      expect(Math.abs(mean - shapes.statistics.mean[channel]!)).toBeLessThan(0.02);
      expect(Math.abs(std - shapes.statistics.std[channel]!)).toBeLessThan(0.01);
    }
  });

  it('draws the same bytes as ever', () => {
    const digest = createHash('sha256');
    for (const [split, seed] of [
      ['train', 0],
      ['test', 9],
    ] as const) {
      for (let index = 0; index < 64; index++) digest.update(draw(split, index, seed).planes);
    }
    expect(digest.digest('hex').slice(0, 16)).toBe('92f52c2c4eb2e688');
  });

  it.each([
    [[24, 40], 1],
    [[40, 24], 3],
    [16, 1],
    [48, 3],
  ] as const)('of %j pixels and %i channels have the object in sight, in every class', (size, channels) => {
    const options = { ...DEFAULTS, size, channels };
    const [height, width] = typeof size === 'number' ? [size, size] : size;
    expect(shapes.contents(options).image).toEqual({ channels, height, width });
    const paint = shapes.draw(options);
    for (let index = 0; index < 64; index++) {
      const planes = new Uint8Array(channels * height * width);
      paint(0, 'train', index, planes);
      // Noise and relief alone stay within 25 of the background: the object is what stands out.
      const plane = planes.subarray(0, height * width);
      if (channels === 1) expect(Math.max(...plane) - Math.min(...plane)).toBeGreaterThan(70);
      const again = new Uint8Array(planes.length);
      paint(0, 'test', 3, again);
      paint(0, 'train', index, again);
      expect(again).toEqual(planes);
    }
  });
});
