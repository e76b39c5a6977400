import type { Metadata } from 'sharp';
import { expect, test } from 'vitest';
import { FileTally, spread } from '../../src/survey/file_facts.js';

const header = (facts: Partial<Metadata>) =>
  ({
    format: 'jpeg',
    width: 40,
    height: 20,
    space: 'srgb',
    depth: 'uchar',
    hasAlpha: false,
    ...facts,
  }) as Metadata;

test('each property is counted, and sizes are those of the turned image', () => {
  const tally = new FileTally({ channels: 3, height: 32, width: 32 });
  expect(tally.facts()).toBe(null);
  tally.add(header({}));
  tally.add(header({ orientation: 6, height: 100 }));
  tally.add(
    header({ format: 'png', width: 100, height: 40, space: 'grey16', depth: 'ushort', hasAlpha: true }),
  );
  tally.add(header({ format: 'gif', width: 100, height: 40, pages: 3, orientation: 1 }));
  tally.add(header({ format: 'heif', width: 100, height: 40, space: 'cmyk' }));
  expect(tally.facts()).toEqual({
    files: 5,
    formats: { jpeg: 2, png: 1, gif: 1, avif: 1 },
    width: { least: 40, median: 100, most: 100 },
    height: { least: 20, median: 40, most: 40 },
    aspect_ratio: { least: 2, median: 2.5, most: 2.5 },
    sizes: [
      { width: 100, height: 40, files: 4 },
      { width: 40, height: 20, files: 1 },
    ],
    different_sizes: 2,
    enlarged: 1,
    turned_by_exif: 1,
    grey: 1,
    cmyk: 1,
    sixteen_bit: 1,
    transparent: 1,
    animated: 1,
  });
});

test('the median of an even number lies between the two in the middle', () => {
  expect(spread([9, 1, 2, 4])).toEqual({ least: 1, median: 3, most: 9 });
});
