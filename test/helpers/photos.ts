import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { TestRandom } from './random.js';

/** Writes a PNG (or what the name says) of noise; another seed gives another image. */
export async function writePhoto(path: string, seed: number, height = 9, width = 12): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  const pixels = new TestRandom(seed).integers([height, width, 3], 0, 255).values;
  await sharp(Uint8Array.from(pixels), { raw: { height, width, channels: 3 } }).toFile(path);
}

/** A folder of `each` images of noise a class, each of another size. */
export async function writePhotos(root: string, classes: readonly string[], each: number): Promise<void> {
  for (const [label, name] of classes.entries()) {
    for (let i = 0; i < each; i++) {
      const format = i % 2 === 0 ? 'png' : 'jpg';
      await writePhoto(join(root, name, `${i}.${format}`), label * 1000 + i + 1, 8 + (i % 5), 9 + (i % 7));
    }
  }
}
