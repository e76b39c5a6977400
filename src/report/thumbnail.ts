import { encode } from 'fast-png';
import { planeBytes } from '../data/source.js';
import type { ImageSize } from '../registry/datasets/facts.js';

/** Sides up to this stay as they are, pixel for pixel. */
const SMALL = 64;
/** Larger images are brought down to this side: a few kB each, whatever the network reads. */
const SIDE = 96;

/**
 * Images, uint8 planes side by side, as URLs that hold them: small ones as PNG, to the bit, larger ones brought down, as
 * JPEG.
 */
export async function thumbnails(images: Uint8Array, image: ImageSize): Promise<string[]> {
  const bytes = planeBytes(image);
  const urls: string[] = [];
  for (let at = 0; at < images.length; at += bytes) {
    urls.push(await thumbnail(images.subarray(at, at + bytes), image));
  }
  return urls;
}

/** One of several images, uint8 planes, as a PNG within a URL. */
export function pngUrl(images: Uint8Array, image: ImageSize, place: number): string {
  const { channels, height, width } = image;
  const bytes = planeBytes(image);
  const data = interleaved(images.subarray(place * bytes, (place + 1) * bytes), image);
  return dataUrl('png', encode({ width, height, channels, depth: 8, data }));
}

async function thumbnail(planes: Uint8Array, image: ImageSize): Promise<string> {
  const { channels, height, width } = image;
  if (Math.max(height, width) <= SMALL) return pngUrl(planes, image, 0);
  // Where there is something to bring down only: pages of small images do without.
  const { default: sharp } = await import('sharp');
  const raw = { width, height, channels: channels as 1 | 3 };
  const jpeg = sharp(interleaved(planes, image), { raw })
    .resize(SIDE, SIDE, { fit: 'inside' })
    .jpeg({ quality: 80 });
  return dataUrl('jpeg', await jpeg.toBuffer());
}

/** Planes to interleaved channels. */
function interleaved(planes: Uint8Array, { channels, height, width }: ImageSize): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  for (let channel = 0, i = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < height * width; pixel++, i++) pixels[pixel * channels + channel] = planes[i]!;
  }
  return pixels;
}

function dataUrl(format: 'png' | 'jpeg', bytes: Uint8Array): string {
  return `data:image/${format};base64,${Buffer.from(bytes).toString('base64')}`;
}
