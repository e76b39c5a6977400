import sharp from 'sharp';
import type { Source } from '../../src/data/source.js';

/** Writes a record of a data set as an image file without loss: PNG, or WebP where the path ends so. */
export async function writeRecordImage(source: Source, index: number, path: string): Promise<void> {
  const { channels, height, width } = source.image;
  const planes = await source.read(Uint32Array.of(index));
  const area = height * width;
  const pixels = Uint8Array.from(
    { length: planes.length },
    (_, i) => planes[(i % channels) * area + Math.floor(i / channels)]!,
  );
  const image = sharp(pixels, { raw: { height, width, channels: channels as 1 | 3 } });
  await (path.endsWith('.webp') ? image.webp({ lossless: true }) : image.png()).toFile(path);
}
