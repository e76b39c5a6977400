import { affine, type Interpolation, inverseAffine } from './affine.js';
import { turnAround } from './flip.js';
import { copyOf, type Planes } from './planes.js';

/**
 * Turns an image counter-clockwise around its centre, in place, as torchvision's rotate(expand=False): quarter turns of square
 * images, and half turns, move pixels without resampling.
 * @param degrees any number
 */
export function rotate(
  images: Uint8Array,
  offset: number,
  size: Planes,
  degrees: number,
  interpolation: Interpolation,
  fill: number | null,
): void {
  const angle = ((degrees % 360) + 360) % 360;
  if (angle === 0) return;
  if (angle === 180) turnAround(images, offset, size);
  else if (size.height === size.width && angle % 90 === 0) quarterTurn(images, offset, size, angle === 90);
  else {
    const matrix = inverseAffine({ angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0] });
    affine(images, offset, size, matrix, interpolation, fill);
  }
}

/** Of a square image, counter-clockwise or clockwise. */
function quarterTurn(images: Uint8Array, offset: number, { channels, width }: Planes, counter: boolean) {
  const plane = width * width;
  const source = copyOf(images, offset, channels * plane);
  for (let i = 0; i < channels * plane; i++) {
    const [channel, within] = [Math.floor(i / plane), i % plane];
    const [y, x] = [Math.floor(within / width), within % width];
    const from = counter ? x * width + (width - 1 - y) : (width - 1 - x) * width + y;
    images[offset + i] = source[channel * plane + from]!;
  }
}
