import type { ImageSize } from '../registry/datasets/facts.js';

/** What a program reads of the images of one split: the images themselves, or features of them. */
export interface Inputs {
  readonly count: number;
  /** count class numbers. */
  readonly labels: Int32Array;
  /**
   * What belongs to some images, by their numbers, from 0 to count − 1.
   * @returns of each the same number of values, side by side; the caller's own
   * @throws UserError where it cannot be read
   */
  read(indices: Uint32Array): Promise<InputValues>;
}

/** Pixels, or numbers of features. */
export type InputValues = Uint8Array | Float32Array;

/** The images of one split. */
export interface Source extends Inputs {
  readonly image: ImageSize;
  /**
   * Images by their numbers, from 0 to count − 1.
   * @returns indices.length × channels × height × width, uint8 planes, which are the caller's own
   * @throws UserError where one cannot be read
   */
  read(indices: Uint32Array): Promise<Uint8Array>;
}

/** Bytes of one image. */
export function planeBytes({ channels, height, width }: ImageSize): number {
  return channels * height * width;
}

/** Images that are in memory: labels.length × channels × height × width, uint8 planes. */
export function memorySource(image: ImageSize, images: Uint8Array, labels: Int32Array): Source {
  const bytes = planeBytes(image);
  return {
    image,
    count: labels.length,
    labels,
    read: async (indices) => {
      const read = new Uint8Array(indices.length * bytes);
      for (const [place, index] of indices.entries()) {
        read.set(images.subarray(index * bytes, (index + 1) * bytes), place * bytes);
      }
      return read;
    },
  };
}

/** Some images of a source, numbered from 0 in the order of `indices`. */
export function subset({ image, labels, read }: Source, indices: Uint32Array): Source {
  return {
    image,
    count: indices.length,
    labels: Int32Array.from(indices, (index) => labels[index]!),
    read: (own) => read(own.map((index) => indices[index]!)),
  };
}
