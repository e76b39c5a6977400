import { extname } from 'node:path';

const EXTENSIONS = new Set(['.png', '.jpg', '.jpeg', '.webp', '.gif', '.tif', '.tiff', '.avif']);

/** The formats that are read, as a sentence names them. */
export const FORMATS = 'PNG, JPEG, WebP, GIF, TIFF or AVIF';

/** Whether a file is taken for an image where a directory is searched; its content decides when it is read. */
export function isImageName(name: string): boolean {
  return EXTENSIONS.has(extname(name).toLowerCase());
}
