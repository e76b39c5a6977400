import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { UserError } from '../errors.js';
import { imagePath } from '../listing/list_images.js';
import type { ImageFiles } from '../listing/listing.js';
import type { ImageSize } from '../registry/datasets/facts.js';
import { eachOf } from './each_of.js';
import { type FileState, readImage } from './image.js';
import { planeBytes, type Source } from './source.js';

/** Files decoded at once: each by one thread of sharp's pool. */
export const AT_ONCE = Math.max(2, availableParallelism());
/** Images told of in one message. */
const SHOWN = 10;

/** Memory for decoded images, which the splits of a run share. What has come in stays: each epoch reads all. */
export class ImageCache {
  private free: number;

  constructor(bytes: number) {
    this.free = bytes;
  }

  /** Whether there was that much room; it is taken then. */
  take(bytes: number): boolean {
    if (bytes > this.free) return false;
    this.free -= bytes;
    return true;
  }
}

/**
 * Images that are decoded as they are read, and resized to `image`: what `cache` has room for is decoded once.
 * @param base where paths start
 * @param states what each file must still be
 */
export function fileSource(
  base: string,
  { paths, labels }: ImageFiles,
  states: readonly FileState[],
  image: ImageSize,
  cache: ImageCache,
): Source {
  // One image a thread: for images of this size, several threads on one only wait for each other.
  sharp.concurrency(1);
  const bytes = planeBytes(image);
  const decoded: (Uint8Array | undefined)[] = [];
  const readOne = async (index: number): Promise<Uint8Array> => {
    const known = decoded[index];
    if (known) return known;
    const planes = await readImage(imagePath(base, paths[index]!), image, states[index]);
    if (!decoded[index] && cache.take(bytes)) decoded[index] = planes;
    return planes;
  };
  return {
    image,
    count: paths.length,
    labels,
    read: async (indices) => {
      const images = new Uint8Array(indices.length * bytes);
      const failures = new Map<number, UserError>();
      await eachOf(indices.length, AT_ONCE, async (place) => {
        try {
          images.set(await readOne(indices[place]!), place * bytes);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
          failures.set(place, error);
        }
      });
      if (failures.size > 0)
        throw unreadableImages([...failures].sort(([a], [b]) => a - b).map(([, each]) => each));
      return images;
    },
  };
}

/** One error for all images that cannot be read. */
export function unreadableImages(failures: readonly UserError[]): UserError {
  const lines = failures.slice(0, SHOWN).map(({ message }) => message);
  if (failures.length > SHOWN) lines.push(`and ${failures.length - SHOWN} more`);
  const changed = failures.every(({ hint }) => hint !== undefined) ? failures[0]!.hint : undefined;
  return new UserError(lines.join('\n'), {
    hint:
      changed ??
      'Repair or remove these files, or leave such out of a new run with dataset.unreadable: skip.',
    cause: failures[0],
  });
}
