import type { Planes } from './planes.js';

/** Mirrors left to right, in place. */
export function flipHorizontally(images: Uint8Array, offset: number, { channels, height, width }: Planes) {
  const rows = channels * height;
  for (let row = 0; row < rows; row++) {
    const start = offset + row * width;
    images.subarray(start, start + width).reverse();
  }
}

/** Mirrors top to bottom, in place. */
export function flipVertically(images: Uint8Array, offset: number, { channels, height, width }: Planes) {
  for (let channel = 0; channel < channels; channel++) {
    const start = offset + channel * height * width;
    for (let top = 0, bottom = height - 1; top < bottom; top++, bottom--) {
      for (let x = 0; x < width; x++) {
        const above = start + top * width + x;
        const below = start + bottom * width + x;
        const pixel = images[above]!;
        images[above] = images[below]!;
        images[below] = pixel;
      }
    }
  }
}

/** Turns by 180°, in place. */
export function turnAround(images: Uint8Array, offset: number, { channels, height, width }: Planes) {
  const plane = height * width;
  for (let channel = 0; channel < channels; channel++) {
    const start = offset + channel * plane;
    images.subarray(start, start + plane).reverse();
  }
}
