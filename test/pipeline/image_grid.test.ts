import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { imageGrid } from '../../src/pipeline/image_grid.js';

/** Two images of 48 × 32 pixels: channel c of pixel (x, y) of image i is 100 i + 30 c + 2 (x % 2) + (y % 2). */
const image = { channels: 3, height: 32, width: 48 };
const images = Uint8Array.from({ length: 2 * 3 * 32 * 48 }, (_, at) => {
  const [x, y] = [at % 48, Math.floor(at / 48) % 32];
  const [c, i] = [Math.floor(at / (48 * 32)) % 3, Math.floor(at / (3 * 48 * 32))];
  return 100 * i + 30 * c + 2 * (x % 2) + (y % 2);
});
const [zero, one] = [images.subarray(0, images.length / 2), images.subarray(images.length / 2)];

test('places enlarged images row by row on grey', () => {
  const { width, height, png } = imageGrid(Uint8Array.of(...one, ...zero, ...one), image, 2);
  const decoded = decode(png);
  // Twice as large, to about 96 pixels: tiles of 96 × 64, 4 pixels around each.
  expect({ width, height }).toEqual({ width: 4 + 100 * 2, height: 4 + 68 * 2 });
  expect(decoded).toMatchObject({ width, height, channels: 3, depth: 8 });
  const pixel = (x: number, y: number) => {
    const at = (y * width + x) * 3;
    return [...decoded.data.subarray(at, at + 3)];
  };
  const of = (i: number, more = 0) => [0, 30, 60].map((value) => value + 100 * i + more);
  expect(pixel(0, 0)).toEqual([128, 128, 128]);
  expect([pixel(4, 4), pixel(5, 5), pixel(6, 4), pixel(4, 6), pixel(99, 67)]).toEqual([
    ...[of(1), of(1), of(1, 2), of(1, 1), of(1, 3)],
  ]);
  expect(pixel(100, 20)).toEqual([128, 128, 128]);
  expect(pixel(104, 4)).toEqual(of(0));
  expect(pixel(4, 72)).toEqual(of(1));
  expect(pixel(104, 72)).toEqual([128, 128, 128]); // there is no fourth
});

test('fewer images than columns, and images that are large already', () => {
  const large = { channels: 1, height: 200, width: 100 };
  const { width, height, png } = imageGrid(new Uint8Array(20_000).fill(9), large, 6);
  expect({ width, height }).toEqual({ width: 108, height: 208 });
  expect(decode(png)).toMatchObject({ width, height, channels: 1 });
});
