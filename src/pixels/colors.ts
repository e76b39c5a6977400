import { type Planes, toByte } from './planes.js';
import { blendWithGrey } from './tones.js';

/** Luma of ITU-R 601 as torchvision rounds it, cut to a whole number. */
function grey(r: number, g: number, b: number): number {
  return Math.floor(
    Math.fround(Math.fround(Math.fround(r * RED) + Math.fround(g * GREEN)) + Math.fround(b * BLUE)),
  );
}
const [RED, GREEN, BLUE] = [Math.fround(0.2989), Math.fround(0.587), Math.fround(0.114)];

/** Makes all three channels the luma; an image of one channel stays as it is. */
export function toGrey(images: Uint8Array, offset: number, { channels, height, width }: Planes): void {
  if (channels !== 3) return;
  const plane = height * width;
  for (let r = offset, g = r + plane, b = g + plane; r < offset + plane; r++, g++, b++) {
    const value = grey(images[r]!, images[g]!, images[b]!);
    images[r] = value;
    images[g] = value;
    images[b] = value;
  }
}

/** ratio · value + (1 − ratio) · luma, as torchvision's adjust_saturation; one channel stays as it is. */
export function adjustSaturation(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  ratio: number,
): void {
  if (channels !== 3) return;
  const plane = height * width;
  const rest = 1 - ratio;
  for (let r = offset, g = r + plane, b = g + plane; r < offset + plane; r++, g++, b++) {
    const share = rest * grey(images[r]!, images[g]!, images[b]!);
    // In float32 what is whole in exact arithmetic comes out whole: images of grey keep their values.
    images[r] = toByte(Math.fround(ratio * images[r]! + share));
    images[g] = toByte(Math.fround(ratio * images[g]! + share));
    images[b] = toByte(Math.fround(ratio * images[b]! + share));
  }
}

/** Towards or from the mean of the grey image, as torchvision's adjust_contrast. */
export function adjustContrast(images: Uint8Array, offset: number, size: Planes, ratio: number): void {
  const plane = size.height * size.width;
  let sum = 0;
  if (size.channels === 3) {
    for (let r = offset, g = r + plane, b = g + plane; r < offset + plane; r++, g++, b++)
      sum += grey(images[r]!, images[g]!, images[b]!);
  } else {
    for (let i = offset; i < offset + plane; i++) sum += images[i]!;
  }
  blendWithGrey(images, offset, size, ratio, sum);
}

/** Turns the hue by `factor` of a whole turn, as torchvision's adjust_hue; one channel stays as it is. */
export function adjustHue(
  images: Uint8Array,
  offset: number,
  { channels, height, width }: Planes,
  factor: number,
): void {
  if (channels !== 3) return;
  const plane = height * width;
  for (let at = offset; at < offset + plane; at++) {
    const [r, g, b] = [images[at]!, images[at + plane]!, images[at + 2 * plane]!];
    const most = Math.max(r, g, b);
    const range = most - Math.min(r, g, b);
    if (range === 0) continue;
    const hue = most === r ? (g - b) / range : most === g ? 2 + (b - r) / range : 4 + (r - g) / range;
    const turned = (((hue / 6 + factor) % 1) + 1) % 1;
    const sixth = Math.floor(turned * 6);
    const fraction = turned * 6 - sixth;
    // Of the value, in its own scale: p at the least, q falling, t rising.
    const saturation = range / most;
    const p = level(most * (1 - saturation));
    const q = level(most * (1 - saturation * fraction));
    const t = level(most * (1 - saturation * (1 - fraction)));
    const sector = sixth % 6;
    images[at] = sector === 0 || sector === 5 ? most : sector === 1 ? q : sector === 4 ? t : p;
    images[at + plane] = sector === 1 || sector === 2 ? most : sector === 0 ? t : sector === 3 ? q : p;
    images[at + 2 * plane] = sector === 3 || sector === 4 ? most : sector === 2 ? t : sector === 5 ? q : p;
  }
}

/** torchvision's way from [0, 1] to uint8: times 255.999, cut off. */
function level(value: number): number {
  return toByte(Math.fround((value * 255.999) / 255));
}
