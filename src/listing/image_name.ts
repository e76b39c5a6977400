import { extname } from 'node:path';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.tif', '.tiff', '.avif']);

/** The formats that are read, as a sentence names them. */
export const FORMATS = 'PNG, JPEG, WebP, GIF, TIFF or AVIF';

/** Whether a file is taken for an image where a directory is searched; its content decides when it is read. */
export function isImageName(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase());
}

/** Formats that a user takes for images, and that are not read. */
const OTHER_EXTENSIONS = new Set([
  '.bmp',
  '.jfif',
  '.jpe',
  '.heic',
  '.heif',
  '.jxl',
  '.jp2',
  '.ico',
  '.svg',
  '.tga',
  '.dng',
]);

/** Whether a user takes a file of that name for an image: one that cannot be read as such is told. */
export function claimsImage(name: string): boolean {
  return isImageName(name) || OTHER_EXTENSIONS.has(extname(name).toLowerCase());
}
