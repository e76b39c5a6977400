import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { UserError } from '../errors.js';
import { FORMATS } from '../listing/image_name.js';
import type { ImageSize } from '../registry/datasets/facts.js';
import { fileError } from '../storage/file_error.js';
import { resizePixels } from './resize_pixels.js';

/** Beyond these a file is refused before it is decoded: a small file can claim any number of pixels. */
const MAX_PIXELS = 100_000_000;
/** What a JPEG can have. Resizing takes memory for each pixel of a side, decoding for rows of its length. */
const MAX_SIDE = 65_535;
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** What a file was when it was first looked at. */
export interface FileState {
  readonly bytes: number;
  /** When its content was last changed, in milliseconds since 1970. */
  readonly modified: number;
}

/**
 * An image file as a record of a data set: uint8 planes, channels × height × width.
 *
 * The image is turned as its EXIF orientation says, its colours become sRGB (or grey, where records have one channel) by
 * its ICC profile, 16 bits become 8, and what is transparent becomes white; of an animation the first frame counts.
 * Another size is resized to the record's as `input.resize` does it: antialiased, height and width each by itself,
 * nothing cut off. An image of the record's size keeps its pixel values.
 * @param known what the file must still be
 * @throws UserError where the file cannot be read, is none of FORMATS, is too large, is damaged or is not what was known
 */
export async function readImage(path: string, size: ImageSize, known?: FileState): Promise<Uint8Array> {
  return decodeImage(path, await readBytes(path, known), size);
}

/** As `readImage`, of a file's content. */
export async function decodeImage(path: string, bytes: Buffer, size: ImageSize): Promise<Uint8Array> {
  return asImage(path, bytes, async () => {
    await checkSize(path, bytes);
    return decode(bytes, size);
  });
}

/** Whether the content begins as an image whose size can be read: most files that are none are found so, at no cost. */
export async function checkHeader(path: string, bytes: Buffer): Promise<void> {
  await asImage(path, bytes, () => checkSize(path, bytes));
}

/** The size of an image as its header says it, EXIF's turn left out. @throws UserError as `readImage`, what is damaged further on left out */
export async function readImageHeader(path: string): Promise<{ width: number; height: number }> {
  const bytes = await readBytes(path);
  return asImage(path, bytes, () => checkSize(path, bytes));
}

async function asImage<T>(path: string, bytes: Buffer, act: () => Promise<T>): Promise<T> {
  const format = formatOf(bytes);
  if (format === undefined)
    throw new UserError(`${path}: expected a ${FORMATS} image, got ${beginning(bytes)}`);
  try {
    return await act();
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: damaged ${format} image: ${reason(error)}`, { cause: error });
  }
}

/** @throws UserError where it cannot be read, is too large or is not what was known */
export async function readBytes(path: string, known?: FileState): Promise<Buffer> {
  try {
    const status = await stat(path);
    // Reading from a pipe or a device could wait forever.
    if (!status.isFile()) throw new UserError(`${path}: expected a regular file`);
    if (status.size > MAX_FILE_BYTES) {
      throw new UserError(`${path}: expected at most ${MAX_FILE_BYTES} bytes, got ${status.size}`);
    }
    if (known && (status.size !== known.bytes || status.mtimeMs !== known.modified)) {
      throw new UserError(`${path}: expected the file as it was when the images were listed, got another`, {
        hint: 'It was changed meanwhile: put it back and resume, or start a new run.',
      });
    }
    return await readFile(path);
  } catch (error) {
    throw fileError('read', path, error);
  }
}

/** Told by the first bytes, whatever the file is called: no other format reaches the decoder. */
export function formatOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 12);
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG';
  if (start.startsWith('\xff\xd8\xff')) return 'JPEG';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'WebP';
  if (/^GIF8[79]a/.test(start)) return 'GIF';
  if (start.startsWith('II*\0') || start.startsWith('MM\0*')) return 'TIFF';
  if (/^ftypavi[fs]/.test(start.slice(4))) return 'AVIF';
  return undefined;
}

function beginning(bytes: Buffer): string {
  if (bytes.length === 0) return 'an empty file';
  return `a file that begins with ${bytes.toString('hex', 0, 4)}`;
}

/** @throws UserError where it has too many pixels */
async function checkSize(path: string, bytes: Buffer): Promise<{ width: number; height: number }> {
  // The header alone; sharp's own limit would hide by how much it is passed.
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (Math.max(header.width, header.height) > MAX_SIDE) {
    throw new UserError(
      `${path}: expected sides of at most ${MAX_SIDE} pixels, got ${header.width} × ${header.height}`,
    );
  }
  if (header.width * header.height > MAX_PIXELS) {
    const megapixels = (count: number) => `${Math.round(count / 1e6)} megapixels`;
    throw new UserError(
      `${path}: expected at most ${megapixels(MAX_PIXELS)}, got ${header.width} × ${header.height} (${megapixels(header.width * header.height)})`,
    );
  }
  return header;
}

async function decode(bytes: Buffer, size: ImageSize): Promise<Uint8Array> {
  const { channels } = size;
  const { data, info } = await sharp(bytes, { limitInputPixels: MAX_PIXELS })
    .autoOrient()
    .flatten({ background: 'white' })
    .toColourspace(channels === 1 ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return toPlanes(resizePixels(data, channels, info, size), size);
}

/** [height, width, channels] to [channels, height, width]. */
function toPlanes(pixels: Uint8Array, { channels, height, width }: ImageSize): Uint8Array {
  const area = height * width;
  const planes = new Uint8Array(channels * area);
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < channels; channel++) {
      planes[channel * area + i] = pixels[i * channels + channel]!;
    }
  }
  return planes;
}

/** What the decoder says, in one line, without the names of its own parts. */
function reason(error: unknown): string {
  const [line] = String(error instanceof Error ? error.message : error).split('\n');
  return (
    line!.replace(/^(Vips\w+|vips\w+|Input buffer has corrupt header): */, '').trim() || 'no usable header'
  );
}
