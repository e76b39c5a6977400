import { type Planes, toByte } from './planes.js';

/** What each pixel value becomes. Entries are computed in float32, as torch does. */
const table = new Uint8Array(256);
const histogram = new Int32Array(256);

function lookUp(images: Uint8Array, start: number, end: number): void {
  for (let i = start; i < end; i++) images[i] = table[images[i]!]!;
}

const bytesOf = ({ channels, height, width }: Planes) => channels * height * width;

/** Multiplies by `factor`, as torchvision's adjust_brightness. */
export function adjustBrightness(images: Uint8Array, offset: number, size: Planes, factor: number): void {
  const by = Math.fround(factor);
  for (let value = 0; value < 256; value++) table[value] = toByte(Math.fround(value * by));
  lookUp(images, offset, offset + bytesOf(size));
}

/** Keeps the upper `bits` of each value. */
export function posterize(images: Uint8Array, offset: number, size: Planes, bits: number): void {
  const mask = bits >= 8 ? 255 : ((1 << bits) - 1) << (8 - bits);
  for (let i = offset; i < offset + bytesOf(size); i++) images[i] = images[i]! & mask;
}

/** Inverts values from `threshold` on. */
export function solarize(images: Uint8Array, offset: number, size: Planes, threshold: number): void {
  const limit = Math.fround(threshold);
  for (let value = 0; value < 256; value++) table[value] = value >= limit ? 255 - value : value;
  lookUp(images, offset, offset + bytesOf(size));
}

/** 255 − value. */
export function invert(images: Uint8Array, offset: number, size: Planes): void {
  for (let i = offset; i < offset + bytesOf(size); i++) images[i] = 255 - images[i]!;
}

/** Stretches the values of each channel to 0 … 255, as torchvision's autocontrast. */
export function autoContrast(images: Uint8Array, offset: number, { channels, height, width }: Planes): void {
  const plane = height * width;
  for (let start = offset; start < offset + channels * plane; start += plane) {
    let least = 255;
    let most = 0;
    for (let i = start; i < start + plane; i++) {
      const value = images[i]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    if (least === most) continue;
    const scale = Math.fround((most - least) * Math.fround(1 / 255));
    for (let value = least; value <= most; value++)
      table[value] = toByte(Math.fround((value - least) / scale));
    lookUp(images, start, start + plane);
  }
}

/** Spreads the values of each channel evenly, as torchvision's and Pillow's equalize. */
export function equalize(images: Uint8Array, offset: number, { channels, height, width }: Planes): void {
  const plane = height * width;
  for (let start = offset; start < offset + channels * plane; start += plane) {
    histogram.fill(0);
    let most = 0;
    for (let i = start; i < start + plane; i++) {
      const value = images[i]!;
      histogram[value]!++;
      if (value > most) most = value;
    }
    const step = Math.floor((plane - histogram[most]!) / 255);
    if (step === 0) continue;
    // Each value becomes the share of smaller ones.
    let below = step >> 1;
    for (let value = 0; value <= most; value++) {
      table[value] = toByte(Math.floor(below / step));
      below += histogram[value]!;
    }
    lookUp(images, start, start + plane);
  }
}

/**
 * ratio · value + (1 − ratio) · mean of the grey image, as torchvision's adjust_contrast.
 * @param greySum sum of the grey pixels of the image
 */
export function blendWithGrey(
  images: Uint8Array,
  offset: number,
  size: Planes,
  ratio: number,
  greySum: number,
): void {
  const mean = Math.fround(greySum / (size.height * size.width));
  const by = Math.fround(ratio);
  const grey = Math.fround(Math.fround(1 - ratio) * mean);
  for (let value = 0; value < 256; value++)
    table[value] = toByte(Math.fround(Math.fround(value * by) + grey));
  lookUp(images, offset, offset + bytesOf(size));
}
