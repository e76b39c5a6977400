import { symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { MAX_FILE_BYTES, readImage } from '../../src/data/image.js';
import { resizePixels } from '../../src/data/resize_pixels.js';
import { UserError } from '../../src/errors.js';
import { TestRandom } from '../helpers/random.js';
import { temporaryDirectory } from '../helpers/temporary_directory.js';

const SIZE = { channels: 3, height: 4, width: 5 };

/** Random pixels, [height, width, channels]. */
function pixels(height: number, width: number, channels: number): Uint8Array {
  return Uint8Array.from(new TestRandom(3).integers([height, width, channels], 0, 255).values);
}

function raw(data: Uint8Array, height: number, width: number, channels: 1 | 3 | 4): Sharp {
  return sharp(data, { raw: { height, width, channels } });
}

function planes(data: Uint8Array, channels: number): number[] {
  return Array.from({ length: channels }, (_, channel) =>
    [...data].filter((_value, index) => index % channels === channel),
  ).flat();
}

/** Writes a file and reads it as an image. */
async function read(content: Uint8Array, size = SIZE, name = 'image'): Promise<number[]> {
  const path = join(temporaryDirectory(), name);
  writeFileSync(path, content);
  return [...(await readImage(path, size))];
}

async function problem(content: Uint8Array): Promise<string> {
  const error = await read(content).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  return (error as Error).message.replace(/^.*\/image: /, '');
}

describe('an image of the size of the records keeps its pixel values', () => {
  const rgb = pixels(4, 5, 3);
  test.each<[string, (image: Sharp) => Sharp]>([
    ['PNG', (image) => image.png()],
    ['PNG of 16 bits', (image) => image.toColourspace('rgb16').png()],
    ['PNG with a palette', (image) => image.png({ palette: true, effort: 10, colours: 256 })],
    ['TIFF', (image) => image.tiff({ compression: 'lzw' })],
    ['lossless AVIF', (image) => image.avif({ lossless: true, chromaSubsampling: '4:4:4' })],
    ['lossless WebP', (image) => image.webp({ lossless: true })],
  ])('%s', async (_, encode) => {
    const encoded = await encode(raw(rgb, 4, 5, 3)).toBuffer();
    expect(await read(encoded)).toEqual(planes(rgb, 3));
  });

  test('a GIF has the colours of its palette', async () => {
    const two = Uint8Array.from(
      { length: 60 },
      (_, i) => (Math.floor(i / 3) % 2 === 0 ? [255, 0, 0] : [0, 0, 255])[i % 3]!,
    );
    expect(await read(await raw(two, 4, 5, 3).gif({ effort: 10 }).toBuffer())).toEqual(planes(two, 3));
  });

  test('a JPEG comes near them', async () => {
    const grey = new Uint8Array(60).fill(100);
    const read4 = await read(await raw(grey, 4, 5, 3).jpeg({ quality: 100 }).toBuffer());
    expect(read4).toEqual(Array(60).fill(100));
  });

  test('the content tells the format, whatever the name', async () => {
    expect(await read(await raw(rgb, 4, 5, 3).png().toBuffer(), SIZE, 'image.jpg')).toEqual(planes(rgb, 3));
  });
});

test('grey becomes three equal channels, and colours one where records have one', async () => {
  const grey = pixels(4, 5, 1);
  expect(await read(await raw(grey, 4, 5, 1).toColourspace('b-w').png().toBuffer())).toEqual([
    ...grey,
    ...grey,
    ...grey,
  ]);
  const flat = new Uint8Array(60).fill(77);
  const one = { ...SIZE, channels: 1 };
  expect(await read(await raw(flat, 4, 5, 3).png().toBuffer(), one)).toEqual(Array(20).fill(77));
});

describe('other colours become sRGB of 8 bits, by their profiles', () => {
  const flat = (...pixel: number[]) => Array.from({ length: 60 }, (_, i) => pixel[Math.floor(i / 20)]!);

  test('grey of 16 bits', async () => {
    const grey = Uint16Array.from({ length: 20 }, (_, i) => i * 3000);
    const png = await sharp(grey, { raw: { height: 4, width: 5, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(png).metadata()).depth).toBe('ushort');
    const expected = [...grey].map((value) => value >> 8);
    expect(await read(png)).toEqual([...expected, ...expected, ...expected]);
  });

  test('CMYK, by its own profile or a common one', async () => {
    // Red, through a CMYK profile and back: print cannot hold all of it.
    const red = Uint8Array.from({ length: 60 }, (_, i) => [200, 40, 40][i % 3]!);
    const jpeg = await raw(red, 4, 5, 3).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(jpeg).metadata()).space).toBe('cmyk');
    const back = await read(jpeg);
    for (const [i, value] of flat(200, 40, 40).entries()) expect(Math.abs(back[i]! - value)).toBeLessThan(25);
  });

  test('a profile of wider colours', async () => {
    const rgb = Uint8Array.from({ length: 60 }, (_, i) => [200, 100, 50][i % 3]!);
    const png = await raw(rgb, 4, 5, 3).png().toBuffer();
    const profile = await sharp(png).withIccProfile('p3').png().toBuffer();
    // The same colours, told in Display P3: other numbers.
    expect([...(await sharp(profile).keepIccProfile().raw().toBuffer())]).not.toEqual([...rgb]);
    expect((await sharp(profile).metadata()).icc).toBeDefined();
    const values = await read(profile);
    for (const [i, value] of flat(200, 100, 50).entries())
      expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(2);
  });
});

test('what is transparent becomes white', async () => {
  const data = Uint8Array.from([0, 40, 200, 0, 0, 40, 200, 255, 0, 40, 200, 51]);
  const image = await raw(data, 1, 3, 4).png().toBuffer();
  const [red, green, blue] = [
    [255, 0, 204],
    [255, 40, 212],
    [255, 200, 244],
  ];
  expect(await read(image, { channels: 3, height: 1, width: 3 })).toEqual([...red!, ...green!, ...blue!]);
});

test('the EXIF orientation is applied', async () => {
  // A quarter turn clockwise: rows become columns, the last row first.
  const data = pixels(5, 4, 3);
  const image = await raw(data, 5, 4, 3).withMetadata({ orientation: 6 }).png().toBuffer();
  const at = (row: number, column: number, channel: number) => data[(row * 4 + column) * 3 + channel]!;
  const turned = [0, 1, 2].flatMap((channel) =>
    [0, 1, 2, 3].flatMap((y) => [0, 1, 2, 3, 4].map((x) => at(4 - x, y, channel))),
  );
  expect(await read(image)).toEqual(turned);
});

test('another size is resized', async () => {
  const data = pixels(32, 48, 3);
  const expected = resizePixels(data, 3, { height: 32, width: 48 }, SIZE);
  expect(await read(await raw(data, 32, 48, 3).png().toBuffer())).toEqual(planes(expected, 3));
});

test('of an animation the first frame counts', async () => {
  const frames = Uint8Array.from([...Array(60).fill(30), ...Array(60).fill(200)]);
  const animation = await sharp(frames, { raw: { height: 8, width: 5, channels: 3, pageHeight: 4 } })
    .webp({ lossless: true })
    .toBuffer();
  expect((await sharp(animation).metadata()).pages).toBe(2);
  expect(await read(animation)).toEqual(Array(60).fill(30));
});

describe('what cannot be read is one line', () => {
  const photo = pixels(64, 64, 3);
  const image = (format: 'png' | 'jpeg' | 'webp') => raw(photo, 64, 64, 3).toFormat(format).toBuffer();
  const spoil = (bytes: Buffer, from: number) => {
    for (let i = from; i < bytes.length - 10; i += 37) bytes[i] = i & 0xff;
    return bytes;
  };

  test.each<[string, () => Promise<Buffer>, RegExp]>([
    [
      'nothing',
      async () => Buffer.alloc(0),
      /^expected a PNG, JPEG, WebP, GIF, TIFF or AVIF image, got an empty file$/,
    ],
    [
      'another format',
      async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      /^expected a PNG, JPEG, WebP, GIF, TIFF or AVIF image, got a file that begins with 3c737667$/,
    ],
    ['a PNG cut short', async () => (await image('png')).subarray(0, 3000), /^damaged PNG image: \w/],
    [
      'a JPEG cut short',
      async () => (await image('jpeg')).subarray(0, 2000),
      /^damaged JPEG image: premature/,
    ],
    ['a WebP cut short', async () => (await image('webp')).subarray(0, 900), /^damaged WebP image: \w/],
    ['the head of a PNG alone', async () => (await image('png')).subarray(0, 8), /^damaged PNG image: \w/],
    ['a damaged PNG', async () => spoil(await image('png'), 100), /^damaged PNG image: \w/],
    ['a damaged JPEG', async () => spoil(await image('jpeg'), 700), /^damaged JPEG image: [^V\n]+$/],
  ])('%s', async (_, make, message) => {
    expect(await problem(await make())).toMatch(message);
  });

  test.each([
    [50_000, 40_000, 'expected at most 100 megapixels, got 50000 × 40000 (2000 megapixels)'],
    [100_000_000, 1, 'expected sides of at most 65535 pixels, got 100000000 × 1'],
    [1, 100_000_000, 'expected sides of at most 65535 pixels, got 1 × 100000000'],
  ])('%i × %i pixels, known before they are decoded', async (width, height, expected) => {
    const png = await raw(pixels(4, 5, 3), 4, 5, 3)
      .png()
      .toBuffer();
    png.writeUInt32BE(width, 16); // in IHDR
    png.writeUInt32BE(height, 20);
    // The header's checksum, so that it is the size that is refused.
    const { crc32 } = await import('node:zlib');
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    expect(await problem(png)).toBe(expected);
  });

  test('a link that leads to itself', async () => {
    const path = join(temporaryDirectory(), 'image.png');
    symlinkSync('image.png', path);
    const error = await readImage(path, SIZE).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect((error as Error).message).toBe(`cannot read ${path}: its links lead around in a circle (ELOOP)`);
  });

  test('a file too large, without reading it', async () => {
    const path = join(temporaryDirectory(), 'image');
    writeFileSync(path, '');
    truncateSync(path, MAX_FILE_BYTES + 1);
    await expect(readImage(path, SIZE)).rejects.toThrow(
      `${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${MAX_FILE_BYTES + 1}`,
    );
  });

  test('a path that leads to no file', async () => {
    const directory = temporaryDirectory();
    await expect(readImage(directory, SIZE)).rejects.toThrow(`${directory}: expected a regular file`);
    await expect(readImage('/dev/null', SIZE)).rejects.toThrow('/dev/null: expected a regular file');
    const nowhere = join(directory, 'nowhere.png');
    await expect(readImage(nowhere, SIZE)).rejects.toThrow(`cannot read ${nowhere}: no such file`);
  });
});
