import { encode } from 'fast-png';
import { planeBytes } from '../data/source.js';
import type { Picture } from '../logging/summaries.js';
import type { ImageSize } from '../registry/datasets/facts.js';

/** Small images are enlarged to about this many pixels. */
const TILE = 96;
const GAP = 4;
const BACKGROUND = 128;

/**
 * Images side by side, row by row; pixels are repeated, not smoothed.
 * @param images uint8 planes [count, channels, height, width]
 */
export function imageGrid(images: Uint8Array, image: ImageSize, columns: number): Picture {
  const { channels, height, width } = image;
  const count = images.length / planeBytes(image);
  const scale = Math.max(1, Math.round(TILE / Math.max(height, width)));
  const [tileHeight, tileWidth] = [height * scale + GAP, width * scale + GAP];
  const across = Math.min(columns, count);
  const size = {
    width: across * tileWidth + GAP,
    height: Math.ceil(count / columns) * tileHeight + GAP,
  };
  const data = new Uint8Array(size.width * size.height * channels).fill(BACKGROUND);
  for (let position = 0; position < count; position++) {
    const planes = images.subarray(position * planeBytes(image));
    const top = GAP + Math.floor(position / columns) * tileHeight;
    const left = GAP + (position % columns) * tileWidth;
    for (let y = 0; y < height * scale; y++) {
      for (let x = 0; x < width * scale; x++) {
        const source = Math.floor(y / scale) * width + Math.floor(x / scale);
        const target = ((top + y) * size.width + left + x) * channels;
        for (let c = 0; c < channels; c++) data[target + c] = planes[c * height * width + source]!;
      }
    }
  }
  return { ...size, png: encode({ ...size, data, channels }) };
}
