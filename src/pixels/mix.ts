import type { Planes } from './planes.js';
import type { Box } from './resized_crop.js';

/**
 * Each image becomes share · itself + (1 − share) · the image before it (the last one for the first), rounded, in place.
 * @param bytes of one image
 */
export function mixWithPartner(images: Uint8Array, bytes: number, share: number): void {
  const last = images.slice(images.length - bytes);
  const rest = 1 - share;
  // From the last to the first: partners are read before they change.
  for (let i = images.length - 1; i >= bytes; i--)
    images[i] = Math.round(share * images[i]! + rest * images[i - bytes]!);
  for (let i = 0; i < bytes; i++) images[i] = Math.round(share * images[i]! + rest * last[i]!);
}

/** In each image, `box` becomes that of the image before it (the last one for the first), in place. */
export function pasteFromPartner(images: Uint8Array, { channels, height, width }: Planes, box: Box): void {
  const bytes = channels * height * width;
  const last = images.slice(images.length - bytes);
  for (let image = images.length - bytes; image >= 0; image -= bytes) {
    const [partner, from] = image === 0 ? [last, 0] : [images, image - bytes];
    for (let channel = 0; channel < channels; channel++) {
      for (let y = box.top; y < box.top + box.height; y++) {
        const row = (channel * height + y) * width + box.left;
        images.set(partner.subarray(from + row, from + row + box.width), image + row);
      }
    }
  }
}
