import { expect, test } from 'vitest';
import { resizePixels } from '../../src/data/resize_pixels.js';
import { runPython, whyNoPython } from '../helpers/python.js';
import { TestRandom } from '../helpers/random.js';

const SIZES: [height: number, width: number, toHeight: number, toWidth: number][] = [
  [4, 5, 4, 5],
  [32, 48, 4, 5],
  [3, 2, 7, 9],
  [1, 1, 2, 3],
  [50, 43, 8, 8],
  [60, 111, 32, 32],
];

const pixels = (height: number, width: number, channels: number) =>
  Uint8Array.from(new TestRandom(height).integers([height, width, channels], 0, 255).values);

const resize = ([height, width, toHeight, toWidth]: (typeof SIZES)[number]) =>
  resizePixels(pixels(height, width, 3), 3, { height, width }, { height: toHeight, width: toWidth });

const PILLOW = `
import base64, json, sys
from PIL import Image
results = []
for height, width, to_height, to_width, data in json.loads(sys.argv[1]):
    image = Image.frombytes('RGB', (width, height), base64.b64decode(data))
    results.append(list(image.resize((to_width, to_height), Image.Resampling.BILINEAR).tobytes()))
print(json.dumps(results))`;

const missing = whyNoPython('PIL');

test.skipIf(missing)(`pixel values are Pillow's${missing ? ` (${missing})` : ''}`, () => {
  const cases = SIZES.map((size) => [...size, Buffer.from(pixels(size[0], size[1], 3)).toString('base64')]);
  const expected = runPython(PILLOW, JSON.stringify(cases)) as number[][];
  for (const [index, size] of SIZES.entries()) expect([...resize(size)], `${size}`).toEqual(expected[index]);
});

test('shrinking to half weights four pixels of a line by 1, 3, 3, 1', () => {
  const line = Uint8Array.from([10, 20, 40, 80, 160, 250]);
  const resized = resizePixels(line, 1, { height: 1, width: 6 }, { height: 1, width: 3 });
  // At the ends one pixel is missing, and the others make up for it.
  const expected = [
    (3 * 10 + 3 * 20 + 40) / 7,
    (20 + 3 * 40 + 3 * 80 + 160) / 8,
    (80 + 3 * 160 + 3 * 250) / 7,
  ];
  expect([...resized]).toEqual(expected.map(Math.round));
});

test('height and width are resized each by itself, and channels stay apart', () => {
  // Left half red, right half blue, three times as high as wide.
  const image = Uint8Array.from(Array.from({ length: 6 }, () => [255, 0, 0, 0, 0, 255]).flat());
  const resized = resizePixels(image, 3, { height: 6, width: 2 }, { height: 2, width: 2 });
  expect([...resized]).toEqual([255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255]);
});

test('the same size is left as it is', () => {
  expect(resize(SIZES[0]!)).toEqual(pixels(4, 5, 3));
});
