import sharp from 'sharp';
import { planeBytes, type Records } from '../../src/data/records.js';

/** Writes a record of a data set as an image file without loss: PNG, or WebP where the path ends so. */
export async function writeRecordImage(records: Records, index: number, path: string): Promise<void> {
  const { channels, height, width } = records.image;
  const bytes = planeBytes(records.image);
  const planes = records.images.subarray(index * bytes, (index + 1) * bytes);
  const area = height * width;
  const pixels = Uint8Array.from(
    { length: bytes },
    (_, i) => planes[(i % channels) * area + Math.floor(i / channels)]!,
  );
  const image = sharp(pixels, { raw: { height, width, channels: channels as 1 | 3 } });
  await (path.endsWith('.webp') ? image.webp({ lossless: true }) : image.png()).toFile(path);
}
